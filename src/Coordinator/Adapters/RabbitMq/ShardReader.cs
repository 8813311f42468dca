using Coordinator.Application.Bus;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// Reads one shard's queue on a channel of its own. A message is acknowledged when it is done with, in order; closing the channel gives back to the
/// queue what is not, for the next owner.
/// </summary>
internal sealed class ShardReader : AsyncDefaultBasicConsumer, IAsyncDisposable
{
    private readonly string _address;
    private readonly LineEvents _events;
    private readonly object _gate = new();
    private readonly HashSet<ulong> _done = [];
    private Task _acknowledgement = Task.CompletedTask;
    private ulong _acknowledged;
    private bool _acknowledging;
    private bool _closed;

    private ShardReader(IChannel channel, string address, LineEvents events) : base(channel) => (_address, _events) = (address, events);

    public static async Task<ShardReader> OpenAsync(IConnection connection, string address, LineEvents events)
    {
        for (var spare = 0; ; spare++)
        {
            var channel = await connection.CreateChannelAsync().ConfigureAwait(false);
            var reader = new ShardReader(channel, address, events);
            try
            {
                await Topology.ReadShardAsync(channel, reader, address, spare).ConfigureAwait(false);
                return reader;
            }
            catch (Exception e) when (e is OperationCanceledException or TimeoutException && spare < Topology.SparesMax)
            {
                // A replicated queue may come back from a crash without a leader, and then never answers: what waits in it is given up.
                events.Lost(0, $"a queue of {address} does not answer; another one is taken");
                await LeaveAsync(connection, reader, address, spare).ConfigureAwait(false);
            }
        }
    }

    private static async Task LeaveAsync(IConnection connection, ShardReader reader, string address, int spare)
    {
        // Its channel waits for the queue. It is left open until the line ends: the answer to one that is closed would cost the connection.
        reader.Silence();
        await using var channel = await connection.CreateChannelAsync().ConfigureAwait(false);
        await Topology.LeaveShardAsync(channel, address, spare).ConfigureAwait(false);
    }

    public override async Task HandleBasicDeliverAsync(
        string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        if (Unreadable.TryRead(body.Span, out var message, out var why)) Deliver(deliveryTag, new BusMessage(_address, message));
        else
        {
            _events.Unread();
            await Unreadable.KeepAsync(Channel, _address, properties, body, why).ConfigureAwait(false);
            Done(deliveryTag);
        }
    }

    // The queue was deleted, or its node is gone: what is asked of the broker is asked anew.
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        _events.Ended($"the queue {_address} was taken away");
        return Task.CompletedTask;
    }

    public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason)
    {
        if (!_closed) _events.Ended(reason.ReplyText);
        return Task.CompletedTask;
    }

    /// <summary>Hands over nothing more; when the handler that may be running has ended, no other begins.</summary>
    public void Silence()
    {
        lock (_gate) _closed = true;
    }

    public async ValueTask DisposeAsync()
    {
        Silence();
        // What is done with is not heard again by the next owner.
        await _acknowledgement.ConfigureAwait(false);
        await AcknowledgeAsync().ConfigureAwait(false);
        await Channel.AbortAsync().ConfigureAwait(false);
        await Channel.DisposeAsync().ConfigureAwait(false);
    }

    private void Deliver(ulong tag, BusMessage message)
    {
        lock (_gate)
        {
            if (!_closed) _events.Deliver(message, () => Done(tag));
        }
    }

    private void Done(ulong tag)
    {
        lock (_gate)
        {
            if (_closed || !_done.Add(tag) || _acknowledging) return;
            _acknowledging = true;
            // Who is done is not made to wait for the broker.
            _acknowledgement = Task.Run(AcknowledgeAsync);
        }
    }

    private async Task AcknowledgeAsync()
    {
        try
        {
            while (NextToAcknowledge() is { } tag) await Channel.BasicAckAsync(tag, multiple: true).ConfigureAwait(false);
        }
        catch (Exception e) when (BrokerFailure.Is(e))
        {
            // The channel is closed: the messages are delivered again.
        }
    }

    private ulong? NextToAcknowledge()
    {
        lock (_gate)
        {
            var before = _acknowledged;
            while (_done.Remove(_acknowledged + 1)) _acknowledged++;
            _acknowledging = _acknowledged > before;
            return _acknowledging ? _acknowledged : null;
        }
    }
}
