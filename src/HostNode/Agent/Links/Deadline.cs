using System.Net.Sockets;

namespace HostNode.Agent.Links;

/// <summary>Closes a socket if a blocking set-up on it takes too long: the only way to bound connect and handshake together without asynchronous calls.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly Socket _socket;
    private readonly Timer _timer;
    private int _state; // 0 running, 1 met, 2 passed

    public Deadline(Socket socket, TimeSpan within)
    {
        _socket = socket;
        _timer = new Timer(static self => ((Deadline)self!).Pass(), this, within, Timeout.InfiniteTimeSpan);
    }

    public bool Passed => Volatile.Read(ref _state) == 2;

    /// <summary>The set-up is done: the socket stays open.</summary>
    /// <exception cref="IOException">It had been closed already.</exception>
    public T Met<T>(T result) => Interlocked.CompareExchange(ref _state, 1, 0) == 0 ? result : throw new IOException("too late");

    public void Dispose() => _timer.Dispose();

    private void Pass()
    {
        if (Interlocked.CompareExchange(ref _state, 2, 0) == 0) _socket.Dispose();
    }
}
