using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;

namespace HostNode.Engine.Linux;

/// <summary>A UNIX datagram sender that allocates nothing after construction: it is used on a vCPU thread.</summary>
public sealed unsafe class LedgerSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _address = new byte[110];
    private readonly int _addressLength;

    /// <exception cref="ArgumentException">The path does not fit a socket address (107 bytes).</exception>
    public LedgerSocket(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > 107) throw new ArgumentException($"{path}: longer than the 107 bytes of a socket address", nameof(path));
        MemoryMarshal.Write(_address, (ushort)AddressFamily.Unix);
        _addressLength = 2 + Encoding.UTF8.GetBytes(path, _address.AsSpan(2)) + 1;
    }

    /// <summary>Sends at once or not at all. False: nobody there, or the reader's queue is full; the same line may be sent again.</summary>
    public bool TrySend(ReadOnlySpan<byte> line)
    {
        fixed (byte* data = line)
        fixed (byte* address = _address)
        {
            var flags = Libc.MsgDontWait | Libc.MsgNoSignal;
            return Libc.SendTo((int)_socket.SafeHandle.DangerousGetHandle(), data, (nuint)line.Length, flags, address, (uint)_addressLength) == line.Length;
        }
    }

    public void Dispose() => _socket.Dispose();
}
