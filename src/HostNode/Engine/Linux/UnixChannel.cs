using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HostNode.Engine.Linux;

/// <summary>
/// Text lines and open files over a connected UNIX stream socket (SCM_RIGHTS). Blocking. One thread may read while another writes.
/// </summary>
public sealed unsafe class UnixChannel : IDisposable
{
    /// <summary>A longer line is refused, so that a stranger on the socket cannot make us buffer without bound.</summary>
    public const int LineMax = 16 * 1024;

    private const int FilesMax = 8;

    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[LineMax];
    private readonly List<SafeFileHandle> _files = [];
    private int _filled;

    /// <param name="socket">Connected, blocking, never used asynchronously (that would make it non-blocking for good); owned from here.</param>
    public UnixChannel(Socket socket) => _socket = socket;

    /// <summary>Process at the other end, as the kernel noted it when the connection was made.</summary>
    public int PeerProcess
    {
        get
        {
            const int soPeerCredentials = 17;
            Span<byte> credentials = stackalloc byte[12];
            _socket.GetRawSocketOption(Libc.SolSocket, soPeerCredentials, credentials);
            return MemoryMarshal.Read<int>(credentials);
        }
    }

    private int Descriptor => (int)_socket.SafeHandle.DangerousGetHandle();

    /// <exception cref="IOException">Nobody listens there.</exception>
    public static UnixChannel Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new UnixChannel(socket);
        }
        catch (Exception refused) when (refused is SocketException or ArgumentException)
        {
            socket.Dispose();
            throw new IOException($"{path}: {refused.Message}", refused);
        }
    }

    /// <summary>Sends one line, with open files riding on its first byte.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public void WriteLine(ReadOnlySpan<byte> line, ReadOnlySpan<int> files = default)
    {
        Span<byte> whole = line.Length < 1024 ? stackalloc byte[line.Length + 1] : new byte[line.Length + 1];
        line.CopyTo(whole);
        whole[^1] = (byte)'\n';
        var sent = files.IsEmpty ? 0 : SendWithFiles(whole, files);
        while (sent < whole.Length)
        {
            fixed (byte* data = whole[sent..])
            {
                var count = Libc.Send(Descriptor, data, (nuint)(whole.Length - sent), Libc.MsgNoSignal);
                if (count < 0 && Marshal.GetLastPInvokeError() == Libc.Eintr) continue;
                if (count <= 0) throw Libc.Failure("send");
                sent += (int)count;
            }
        }
    }

    /// <summary>Next line without its end; null at end of stream. Files that came with it are handed over and owned by the caller.</summary>
    /// <exception cref="IOException">Broken, or a line over <see cref="LineMax"/>.</exception>
    public string? ReadLine(List<SafeFileHandle>? files = null)
    {
        while (true)
        {
            var end = Array.IndexOf(_buffer, (byte)'\n', 0, _filled);
            if (end >= 0) return TakeLine(end, files);
            if (_filled == _buffer.Length) throw new IOException($"a line over {LineMax} bytes");
            var count = ReceiveMore();
            if (count == 0) return null;
            _filled += count;
        }
    }

    /// <summary>Ends a read that blocks, from any thread.</summary>
    public void Shutdown()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            // Already closed: that is what was wanted.
        }
    }

    public void Dispose()
    {
        foreach (var file in _files) file.Dispose();
        _files.Clear();
        _socket.Dispose();
    }

    private string TakeLine(int end, List<SafeFileHandle>? files)
    {
        var line = Encoding.UTF8.GetString(_buffer, 0, end);
        _buffer.AsSpan(end + 1, _filled - end - 1).CopyTo(_buffer);
        _filled -= end + 1;
        if (files is not null) files.AddRange(_files);
        else foreach (var file in _files) file.Dispose();
        _files.Clear();
        return line;
    }

    private int SendWithFiles(ReadOnlySpan<byte> data, ReadOnlySpan<int> files)
    {
        // cmsghdr: u64 length, i32 level, i32 type, then the descriptors; space is rounded up to 8.
        var length = 16 + (files.Length * sizeof(int));
        Span<byte> control = stackalloc byte[(length + 7) & ~7];
        control.Clear();
        MemoryMarshal.Write(control, (ulong)length);
        MemoryMarshal.Write(control[8..], Libc.SolSocket);
        MemoryMarshal.Write(control[12..], Libc.ScmRights);
        MemoryMarshal.AsBytes(files).CopyTo(control[16..]);
        fixed (byte* body = data)
        fixed (byte* ancillary = control)
        {
            var vector = new Libc.IoVector { Base = body, Length = (nuint)data.Length };
            var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1, Control = ancillary, ControlLength = (nuint)control.Length };
            var count = Libc.SendMessage(Descriptor, &message, Libc.MsgNoSignal);
            return count > 0 ? (int)count : throw Libc.Failure("sendmsg");
        }
    }

    private int ReceiveMore()
    {
        Span<byte> control = stackalloc byte[16 + (FilesMax * sizeof(int))];
        control.Clear();
        fixed (byte* body = _buffer)
        fixed (byte* ancillary = control)
        {
            while (true)
            {
                var vector = new Libc.IoVector { Base = body + _filled, Length = (nuint)(_buffer.Length - _filled) };
                var message = new Libc.MessageHeader { Vectors = &vector, VectorCount = 1, Control = ancillary, ControlLength = (nuint)control.Length };
                var count = Libc.ReceiveMessage(Descriptor, &message, Libc.MsgCmsgCloexec);
                if (count < 0 && Marshal.GetLastPInvokeError() == Libc.Eintr) continue;
                if (count < 0) throw Libc.Failure("recvmsg");
                TakeFiles(control[..(int)message.ControlLength]);
                return (int)count;
            }
        }
    }

    private void TakeFiles(ReadOnlySpan<byte> control)
    {
        if (control.Length < 16 || MemoryMarshal.Read<int>(control[8..]) != Libc.SolSocket || MemoryMarshal.Read<int>(control[12..]) != Libc.ScmRights) return;
        var length = (int)Math.Min(MemoryMarshal.Read<ulong>(control), (ulong)control.Length);
        for (var at = 16; at + sizeof(int) <= length; at += sizeof(int))
            _files.Add(new SafeFileHandle(MemoryMarshal.Read<int>(control[at..]), ownsHandle: true));
    }
}
