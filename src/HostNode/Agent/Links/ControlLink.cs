using System.Collections.Concurrent;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Loop;

namespace HostNode.Agent.Links;

/// <summary>
/// One connection with another agent, both directions, one JSON object a line. May lose what waits when it breaks: the machines ask again.
/// Owns the stream; a reader and a writer thread.
/// </summary>
internal sealed class ControlLink : IDisposable
{
    private const int LineMost = 64 * 1024;
    private const int WaitingMost = 1024;
    private readonly Stream _stream;
    private readonly Action<HostId, PeerMessage> _received;
    private readonly Action<ControlLink, string> _closed;
    private readonly Failpoints _failpoints;
    private readonly BlockingCollection<PeerMessage> _waiting = new(WaitingMost);
    private int _ended;

    /// <param name="received">Called on the reader's thread.</param>
    /// <param name="closed">Called once, with the reason.</param>
    public ControlLink(HostId peer, Stream stream, Failpoints failpoints, Action<HostId, PeerMessage> received, Action<ControlLink, string> closed)
    {
        Peer = peer;
        _stream = stream;
        _failpoints = failpoints;
        _received = received;
        _closed = closed;
    }

    public HostId Peer { get; }

    public void Start()
    {
        new Thread(Read) { IsBackground = true, Name = $"peer {Peer} in" }.Start();
        new Thread(Write) { IsBackground = true, Name = $"peer {Peer} out" }.Start();
    }

    /// <summary>Never blocks; false if the link is closed or too much waits.</summary>
    public bool TrySend(PeerMessage message)
    {
        try
        {
            return _waiting.TryAdd(message);
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    public void Dispose() => End("closed here");

    private void Write()
    {
        try
        {
            foreach (var message in _waiting.GetConsumingEnumerable())
            {
                var kind = message.GetType().Name;
                _failpoints.Hit("before-send", kind, Kinds.SenderOf(message));
                _stream.Write([.. JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.PeerMessage), (byte)'\n']);
                _stream.Flush();
                _failpoints.Hit("after-send", kind, Kinds.SenderOf(message));
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            End(e.Message);
        }
    }

    private void Read()
    {
        try
        {
            var buffer = new byte[LineMost];
            var filled = 0;
            while (true)
            {
                var count = _stream.Read(buffer, filled, buffer.Length - filled);
                if (count == 0) break;
                filled = Deliver(buffer, filled + count);
                if (filled == buffer.Length) throw new InvalidDataException($"a message longer than {LineMost} bytes");
            }

            End("closed by the peer");
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidDataException or JsonException or NotSupportedException)
        {
            End(e.Message);
        }
    }

    // Hands over every whole line and moves the rest to the front; returns its length.
    private int Deliver(byte[] buffer, int filled)
    {
        var start = 0;
        for (int end; (end = buffer.AsSpan(start, filled - start).IndexOf((byte)'\n')) >= 0; start += end + 1)
        {
            var message = JsonSerializer.Deserialize(buffer.AsSpan(start, end), WireJson.Default.PeerMessage);
            if (message is not null) _received(Peer, message);
        }

        buffer.AsSpan(start, filled - start).CopyTo(buffer);
        return filled - start;
    }

    private void End(string why)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0) return;
        _waiting.CompleteAdding();
        _stream.Dispose();
        _closed(this, why);
    }
}
