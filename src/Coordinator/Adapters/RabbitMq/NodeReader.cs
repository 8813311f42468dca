using Coordinator.Application.Bus;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// Reads this connection's own queue: answers for the node, hints for all nodes, and what is for the hosts whose links stand here. Nothing is
/// acknowledged: what is lost with the connection is said again.
/// </summary>
internal sealed class NodeReader : AsyncDefaultBasicConsumer
{
    // A control message of this class alone: "who subscribed before me has it no more".
    private const string Moved = "moved";

    private static readonly Action NothingKept = () => { };

    private readonly string _node;
    private readonly LineEvents _events;
    private readonly object _gate = new();
    private readonly HashSet<string> _bound = new(StringComparer.Ordinal);
    private string _queue = "";
    private bool _silent;

    private NodeReader(IChannel channel, string node, LineEvents events) : base(channel) => (_node, _events) = (node, events);

    public static async Task<NodeReader> OpenAsync(IConnection connection, string node, LineEvents events)
    {
        var channel = await connection.CreateChannelAsync().ConfigureAwait(false);
        var reader = new NodeReader(channel, node, events);
        reader._queue = await Topology.DeclareNodeAsync(channel, node).ConfigureAwait(false);
        await channel.BasicConsumeAsync(reader._queue, autoAck: true, reader).ConfigureAwait(false);
        return reader;
    }

    /// <summary>Binds the queue to what is wanted and to nothing else, at most so many at a time.</summary>
    /// <returns>False when nothing was left to do.</returns>
    public async Task<bool> FollowAsync(IReadOnlySet<string> wanted, int most)
    {
        var binding = wanted.Where(a => !_bound.Contains(a)).Take(most).ToList();
        var unbinding = _bound.Where(a => !wanted.Contains(a)).Take(most).ToList();
        foreach (var address in binding)
        {
            await Channel.QueueBindAsync(_queue, Topology.Exchange, address).ConfigureAwait(false);
            _bound.Add(address);
        }

        foreach (var address in unbinding)
        {
            await Channel.QueueUnbindAsync(_queue, Topology.Exchange, address).ConfigureAwait(false);
            _bound.Remove(address);
        }

        return binding.Count + unbinding.Count > 0;
    }

    /// <summary>Tells who subscribed to it before that it is here now.</summary>
    public ValueTask TakeAsync(string address) =>
        Channel.BasicPublishAsync(Topology.Exchange, address, mandatory: false, new BasicProperties { AppId = _node, Type = Moved }, ReadOnlyMemory<byte>.Empty);

    /// <summary>Hands over nothing more; when the handler that may be running has ended, no other begins.</summary>
    public void Silence()
    {
        lock (_gate) _silent = true;
    }

    public override async Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        // What we say to all nodes, or to a host that may be elsewhere, is heard here without this detour.
        if (properties.AppId == _node) return;
        if (properties.Type == Moved) _events.Moved(routingKey);
        else if (!Unreadable.TryRead(body.Span, out var message, out var why))
        {
            _events.Unread();
            await Unreadable.KeepAsync(Channel, routingKey, properties, body, why).ConfigureAwait(false);
        }
        else
        {
            lock (_gate)
            {
                if (!_silent) _events.Deliver(new BusMessage(routingKey, message), NothingKept);
            }
        }
    }

    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _events.Ended("this node's queue was taken away");
        return Task.CompletedTask;
    }

    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        _events.Ended(reason.ReplyText);
        return Task.CompletedTask;
    }
}
