using System.Net.Sockets;
using HostNode.Engine.Linux;

namespace HostNode.Engine.DirtyTracking;

/// <summary>Finds out by trying whether the kernel's write tracking can be relied on here.</summary>
public static class TrackerSelfTest
{
    /// <summary>Null if WP_ASYNC works on this host for this user, else one sentence that says what failed.</summary>
    public static string? WhyNoWpAsync()
    {
        const int pages = 16;
        try
        {
            using var memory = MemoryFile.Create("selftest", pages * PageBitmap.PageSize);
            using var bits = MemoryFile.Create("selftest-bits", PageBitmap.FileLength(memory.Length));
            using var tracking = WriteTracking.Open();
            using var scanner = new PageMapScanner(Environment.ProcessId, memory.Address, memory.Length);
            using var tracker = new WpAsyncTracker(scanner, on =>
            {
                if (on) tracking.Register(memory);
                else tracking.Unregister(memory);
            });
            return Check(memory, tracker, new PageBitmap(bits, memory.Length));
        }
        catch (IOException missing)
        {
            return missing.Message;
        }
    }

    private static string? Check(MemoryFile memory, WpAsyncTracker tracker, PageBitmap seen)
    {
        memory.Bytes(0, PageBitmap.PageSize).Fill(1);
        tracker.Arm();
        if (tracker.Peek() != 0) return "pages count as written right after they were protected";
        memory.Bytes(PageBitmap.PageSize, 1)[0] = 1;
        ReceiveInto(memory.Bytes(3 * PageBitmap.PageSize, 64));
        if (tracker.Harvest(seen) != 2 * PageBitmap.PageSize || seen.Chunk(0) != 0b1010)
            return $"a write and a receive were seen as pages {seen.Chunk(0):b}, not 1010";
        if (tracker.Harvest(seen) != 0) return "a harvest does not start afresh";
        memory.Bytes(PageBitmap.PageSize, 1)[0] = 2;
        if (tracker.Harvest(seen) != PageBitmap.PageSize) return "a second write to a page is not seen";
        tracker.Disarm();
        return null;
    }

    // The kernel itself writes here: what a device model's receive does.
    private static void ReceiveInto(Span<byte> target)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        using var sender = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        sender.Connect(listener.LocalEndPoint!);
        using var receiver = AcceptFrom(listener, sender);
        sender.Send(new byte[target.Length].AsSpan());
        for (var got = 0; got < target.Length;) got += receiver.Receive(target[got..]);
    }

    // A stranger may knock at a port that was his program's a moment ago: waiting for his bytes would never end.
    private static Socket AcceptFrom(Socket listener, Socket sender)
    {
        while (true)
        {
            var accepted = listener.Accept();
            if (Equals(accepted.RemoteEndPoint, sender.LocalEndPoint)) return accepted;
            accepted.Dispose();
        }
    }
}
