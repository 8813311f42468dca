using System.Net.Sockets;
using System.Text.Json;
using HostNode.Engine.Guests;
using HostNode.Engine.Linux;

namespace HostNode.GuestHolder;

/// <summary>
/// The control socket. Agents come and go; each connection has a thread, at most a few at a time. An agent that died is simply
/// replaced by the next one that connects.
/// </summary>
internal sealed class HolderServer(Holder holder, HolderPaths paths) : IDisposable
{
    private const int ConnectionsMax = 8;
    private readonly SemaphoreSlim _free = new(ConnectionsMax);
    private Socket? _listener;

    /// <exception cref="IOException">Another holder serves this guest here already.</exception>
    public void Listen()
    {
        if (File.Exists(paths.Socket))
        {
            if (IsServed()) throw new IOException($"{paths.Socket}: another guest-holder serves it");
            File.Delete(paths.Socket);
        }

        _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        _listener.Bind(new UnixDomainSocketEndPoint(paths.Socket));
        File.SetUnixFileMode(paths.Socket, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        _listener.Listen(ConnectionsMax);
        File.WriteAllText(paths.ProcessNumber, Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture) + "\n");
    }

    /// <summary>Never returns.</summary>
    public void Serve()
    {
        while (true)
        {
            _free.Wait();
            var channel = new UnixChannel(_listener!.Accept());
            new Thread(() => Serve(channel)) { IsBackground = true, Name = "agent" }.Start();
        }
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _free.Dispose();
    }

    private bool IsServed()
    {
        try
        {
            UnixChannel.Connect(paths.Socket).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Serve(UnixChannel channel)
    {
        try
        {
            while (channel.ReadLine() is { } line) Answer(channel, line);
        }
        catch (Exception broken) when (broken is IOException or JsonException)
        {
            Console.Error.WriteLine($"agent connection: {broken.Message}");
        }
        finally
        {
            channel.Dispose();
            _free.Release();
        }
    }

    private void Answer(UnixChannel channel, string line)
    {
        var request = JsonSerializer.Deserialize(line, HolderJson.Default.HolderRequest) ?? throw new JsonException("null");
        var reply = holder.Answer(request);
        Span<int> files = stackalloc int[3];
        for (var i = 0; i < files.Length; i++) files[i] = holder.Files[i].Descriptor;
        var withFiles = request.Command == "files" && reply.Error is null;
        channel.WriteLine(JsonSerializer.SerializeToUtf8Bytes(reply, HolderJson.Default.HolderReply), withFiles ? files : default);
        if (request.Command != "quit") return;
        paths.Delete();
        Environment.Exit(0);
    }
}
