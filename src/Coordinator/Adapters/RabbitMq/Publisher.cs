using System.Diagnostics;
using System.Text;
using Coordinator.Application.Bus;
using RabbitMQ.Client;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>Sends on one channel, without waiting for the broker's word, and remembers each message until that has come. One caller at a time.</summary>
internal sealed class Publisher
{
    private const int UnconfirmedMax = 1024;

    private static readonly TimeSpan SilentMax = TimeSpan.FromSeconds(10);

    private readonly IChannel _channel;
    private readonly string _node;
    private readonly LineEvents _events;
    private readonly Dictionary<ulong, BusMessage> _unconfirmed = [];
    private long _heardAt;
    private ulong _sent;
    private ulong _oldest = 1;

    /// <param name="channel">With confirms, and nobody else's.</param>
    public Publisher(IChannel channel, string node, LineEvents events)
    {
        (_channel, _node, _events) = (channel, node, events);
        channel.BasicAcksAsync += (_, e) => Heard(e.DeliveryTag, e.Multiple, refused: false);
        channel.BasicNacksAsync += (_, e) => Heard(e.DeliveryTag, e.Multiple, refused: true);
    }

    /// <summary>Not too many are unconfirmed.</summary>
    public bool HasRoom => Waiting < UnconfirmedMax;

    /// <summary>Messages without the broker's word.</summary>
    public int Waiting
    {
        get
        {
            lock (_unconfirmed) return _unconfirmed.Count;
        }
    }

    /// <summary>
    /// Something was sent, and the broker has confirmed nothing for long. One queue without a leader holds up everything behind it on the same channel,
    /// for as long as it was there before its reader left it.
    /// </summary>
    public bool IsStuck
    {
        get
        {
            lock (_unconfirmed) return _unconfirmed.Count > 0 && Stopwatch.GetElapsedTime(_heardAt) > SilentMax;
        }
    }

    // No token: one that is cancelled while the client shuts down would run our code inside of it.
    public async ValueTask SendAsync(BusMessage message)
    {
        lock (_unconfirmed)
        {
            if (_unconfirmed.Count == 0) _heardAt = Stopwatch.GetTimestamp();
            _unconfirmed.Add(++_sent, message);
        }

        var properties = new BasicProperties { AppId = _node, Persistent = Topology.IsShard(message.Address) };
        await _channel.BasicPublishAsync(Topology.Exchange, message.Address, mandatory: false, properties, Encoding.UTF8.GetBytes(BusJson.Write(message.Body))).ConfigureAwait(false);
    }

    /// <summary>What may not have arrived, oldest first.</summary>
    public IReadOnlyList<BusMessage> Unconfirmed()
    {
        lock (_unconfirmed) return [.. _unconfirmed.OrderBy(u => u.Key).Select(u => u.Value)];
    }

    private Task Heard(ulong number, bool multiple, bool refused)
    {
        bool wasFull;
        BusMessage? last = null;
        lock (_unconfirmed)
        {
            _heardAt = Stopwatch.GetTimestamp();
            wasFull = _unconfirmed.Count >= UnconfirmedMax;
            if (!multiple) _unconfirmed.Remove(number, out last);
            else for (; _oldest <= number; _oldest++) if (_unconfirmed.Remove(_oldest, out var one)) last = one;
        }

        if (refused && last is not null) _events.Lost(1, $"the broker refused a message for {last.Address}: it is lost and will be sent again");
        if (wasFull) _events.RoomMade();
        return Task.CompletedTask;
    }
}
