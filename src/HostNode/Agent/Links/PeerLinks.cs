using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Links;

/// <summary>
/// The control links of this host, at most one in use for each other host, whoever opened it. Connects when there is something to say
/// and drops what it cannot deliver: the machines ask again. Safe from any thread; never blocks.
/// </summary>
public sealed class PeerLinks(CredentialFiles credentials, Func<AgentInput, bool> post, TimeProvider clock, Failpoints failpoints, AgentLog log) : IDisposable
{
    private const int WaitingMost = 256;
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(3);
    private readonly Lock _lock = new();
    private readonly Dictionary<HostId, ControlLink> _links = [];
    private readonly Dictionary<HostId, Queue<PeerMessage>> _dialing = [];
    private bool _disposed;

    /// <summary>Sends over the link with that host, which is opened if there is none.</summary>
    public void Send(HostId to, TransferEndpoint endpoint, PeerMessage message)
    {
        lock (_lock)
        {
            if (_disposed || (_links.TryGetValue(to, out var link) && link.TrySend(message))) return;
            Dial(to, endpoint, message).Enqueue(message);
        }
    }

    /// <summary>Opens the link before it is needed: a handshake inside the blackout would lengthen it.</summary>
    public void Warm(HostId to, TransferEndpoint endpoint, PeerMessage about)
    {
        lock (_lock)
        {
            if (!_disposed && !_links.ContainsKey(to)) Dial(to, endpoint, about);
        }
    }

    /// <summary>Sends over the link with that host if there is one.</summary>
    public void Reply(HostId to, PeerMessage message)
    {
        lock (_lock)
        {
            if (_links.TryGetValue(to, out var link) && link.TrySend(message)) return;
        }

        log.Info("peer.replyLost", "no link to answer on; the other side asks again", ("host", to), ("message", message.GetType().Name));
    }

    /// <summary>Takes over a connection whose other side is that host; the newest one is used from now on.</summary>
    public void Adopt(HostId peer, Stream stream)
    {
        var link = new ControlLink(peer, stream, failpoints, Received, Closed);
        Queue<PeerMessage>? waiting;
        lock (_lock)
        {
            if (_disposed)
            {
                link.Dispose();
                return;
            }

            // The one before stays open for reading until its other side closes it: an answer may be on its way.
            _links[peer] = link;
            _dialing.Remove(peer, out waiting);
            while (waiting is not null && waiting.TryDequeue(out var message)) link.TrySend(message);
        }

        link.Start();
        log.Info("peer.linked", "control link", ("host", peer));
    }

    public void Dispose()
    {
        List<ControlLink> links;
        lock (_lock)
        {
            _disposed = true;
            links = [.. _links.Values];
            _links.Clear();
        }

        foreach (var link in links) link.Dispose();
    }

    // Caller holds the lock.
    private Queue<PeerMessage> Dial(HostId to, TransferEndpoint endpoint, PeerMessage about)
    {
        if (_dialing.TryGetValue(to, out var waiting))
        {
            if (waiting.Count >= WaitingMost) waiting.Dequeue();
            return waiting;
        }

        waiting = _dialing[to] = new Queue<PeerMessage>();
        new Thread(() => Connect(to, endpoint, about)) { IsBackground = true, Name = $"peer {to} dial" }.Start();
        return waiting;
    }

    private void Connect(HostId to, TransferEndpoint endpoint, PeerMessage about)
    {
        try
        {
            var stream = PeerSockets.Connect(to, endpoint, credentials.Current(), plain: false, clock, ConnectWithin);
            FirstLine.Write(stream, new PeerHello(about.Vm, about.Migration, about.Epoch, "control", 0, 0, 0));
            Adopt(to, stream);
        }
        catch (IOException e)
        {
            lock (_lock) _dialing.Remove(to);
            log.Warn("peer.unreachable", e.Message, ("host", to));
        }
    }

    private void Received(HostId from, PeerMessage message)
    {
        if (message is not PeerHello) post(new PeerReceived(from, message));
    }

    private void Closed(ControlLink link, string why)
    {
        lock (_lock)
        {
            if (_links.TryGetValue(link.Peer, out var current) && ReferenceEquals(current, link)) _links.Remove(link.Peer);
        }

        log.Info("peer.unlinked", why, ("host", link.Peer));
    }
}
