using Coordinator.Application.Bus;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// The bus of several coordinators with a broker. What a node has for itself takes the way of a single node. A shard's messages wait in a replicated queue for
/// whoever owns it, which forgets one when it is done with; everything else goes to the queues of the nodes that are connected now. Every message may be lost.
/// </summary>
public sealed class RabbitMqBus : IBus
{
    private const string NotYet = "not connected yet";

    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan StopWithin = TimeSpan.FromSeconds(10);

    private readonly RabbitMqOptions _options;
    private readonly string _node;
    private readonly IBus _local;
    private readonly int _capacity;
    private readonly Action<string> _onTrouble;
    private readonly object _gate = new();
    private readonly Queue<BusMessage> _outbox = new();
    private readonly Dictionary<string, Wanted> _wanted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _moved = new(StringComparer.Ordinal);
    private readonly Queue<string> _newHosts = new();
    private readonly Signal _toSend = new();
    private readonly Signal _toFollow = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private volatile string? _trouble = NotYet;
    private Publisher? _publisher;
    private long _lost;
    private long _unread;
    private bool _disposed;

    /// <param name="local">Hands messages to this node's own handlers; disposed with this bus.</param>
    /// <param name="capacity">Messages for other nodes that wait to be sent before publishing is refused.</param>
    /// <param name="onTrouble">Told in words when the broker cannot be used: messages wait or are lost meanwhile.</param>
    public RabbitMqBus(RabbitMqOptions options, string node, IBus local, int capacity = 16_384, Action<string>? onTrouble = null)
    {
        (_options, _node, _local, _capacity, _onTrouble) = (options, node, local, capacity, onTrouble ?? (_ => { }));
        _running = Task.Run(RunAsync);
    }

    public long Lost => Interlocked.Read(ref _lost);

    public long Unread => Interlocked.Read(ref _unread);

    /// <summary>Why the broker cannot be used now; null if it can.</summary>
    public string? Trouble => _trouble;

    /// <summary>Messages that wait to be sent, or for the broker's word that it has them.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate) return _outbox.Count + (_publisher?.Waiting ?? 0);
        }
    }

    /// <summary>Connects once, to see whether this node is let in. A broker that cannot be reached is no reason not to start.</summary>
    /// <exception cref="BusConfigurationException">Wrong password, certificate, virtual host or rights.</exception>
    public static void Check(RabbitMqOptions options, string node)
    {
        try
        {
            Task.Run(async () =>
            {
                var nothing = new LineEvents((_, _) => { }, _ => { }, () => { }, () => { }, (_, _) => { }, _ => { });
                await using var line = await BrokerLine.OpenAsync(options, node, nothing).ConfigureAwait(false);
            }).GetAwaiter().GetResult();
        }
        catch (Exception e) when (BrokerFailure.Is(e))
        {
            if (BrokerFailure.Refusal(e, options) is { } refusal) throw refusal;
        }
    }

    public bool Publish(BusMessage message)
    {
        bool isHere;
        lock (_gate)
        {
            if (_disposed) return false;
            isHere = _wanted.ContainsKey(message.Address);
            if (!isHere || message.Address == BusMessage.AllNodes || _moved.Contains(message.Address))
            {
                if (_outbox.Count >= _capacity)
                {
                    Interlocked.Increment(ref _lost);
                    return false;
                }

                _outbox.Enqueue(message);
                if (_outbox.Count == 1) _toSend.Set();
            }
        }

        return !isHere || _local.Publish(message);
    }

    public IDisposable Subscribe(string address, Action<BusMessage> handler) => Add(address, _local.Subscribe(address, handler), null);

    /// <summary>One at an address: what the broker keeps for it goes to this handler alone.</summary>
    public IDisposable SubscribeUntilDone(string address, Action<BusMessage, Action?> handler) =>
        Add(address, _local.Subscribe(address, message => handler(message, null)), handler);

    /// <summary>Drops what waits and returns when no handler runs any more (unless called from one).</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
        }

        _stop.Cancel();
        _running.Wait(StopWithin);
        _local.Dispose();
    }

    private Subscription Add(string address, IDisposable local, Action<BusMessage, Action?>? keeper)
    {
        lock (_gate)
        {
            if (!_wanted.TryGetValue(address, out var wanted)) _wanted[address] = wanted = new Wanted();
            wanted.Count++;
            wanted.Keeper ??= keeper;
            _moved.Remove(address);
            if (Topology.IsHost(address)) _newHosts.Enqueue(address);
        }

        _toFollow.Set();
        return new Subscription(() => Remove(address, local, keeper));
    }

    private void Remove(string address, IDisposable local, Action<BusMessage, Action?>? keeper)
    {
        local.Dispose();
        lock (_gate)
        {
            var wanted = _wanted[address];
            if (wanted.Keeper == keeper) wanted.Keeper = null;
            if (--wanted.Count > 0) return;
            _wanted.Remove(address);
            _moved.Remove(address);
        }

        _toFollow.Set();
    }

    // Arrived from the broker.
    private void Deliver(BusMessage message, Action done)
    {
        Action<BusMessage, Action?>? keeper;
        lock (_gate) keeper = _wanted.GetValueOrDefault(message.Address)?.Keeper;
        if (keeper is not null)
        {
            keeper(message, done);
            return;
        }

        _local.Publish(message);
        done();
    }

    private void Move(string address)
    {
        lock (_gate)
        {
            if (_wanted.ContainsKey(address)) _moved.Add(address);
        }
    }

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                await ServeAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (BrokerFailure.Is(e))
            {
                Tell(BrokerFailure.Words(e));
            }

            await Task.Delay(Pause, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ServeAsync()
    {
        var end = new LineEnd(_toSend, _toFollow);
        await using var line = await BrokerLine.OpenAsync(_options, _node, new LineEvents(Deliver, Move, () => Interlocked.Increment(ref _unread), _toSend.Set, GaveUp, end.Because)).ConfigureAwait(false);
        _trouble = null;
        lock (_gate) _publisher = line.Publisher;
        await using var look = new Timer(_ => Look(line.Publisher, end), null, LookEvery, LookEvery);
        var loops = Task.WhenAll(LoopAsync(end, _toSend, () => SendAsync(line.Publisher)), LoopAsync(end, _toFollow, () => FollowAsync(line)));
        // A broker that takes nothing may hold us in the middle of a message: only the end of the line frees us then.
        await Task.WhenAny(loops, end.Reached, Task.Delay(Timeout.Infinite, _stop.Token)).ConfigureAwait(false);
        if (end.Why is { } why) Tell(why);
        lock (_gate)
        {
            _publisher = null;
            foreach (var message in line.Publisher.Unconfirmed().Take(_capacity - _outbox.Count)) _outbox.Enqueue(message);
        }
    }

    private static void Look(Publisher publisher, LineEnd end)
    {
        if (publisher.IsStuck) end.Because("the broker confirms nothing");
    }

    // Never fails: what goes wrong is the end of the line.
    private async Task LoopAsync(LineEnd end, Signal signal, Func<Task> work)
    {
        try
        {
            while (end.Why is null)
            {
                await work().ConfigureAwait(false);
                if (end.Why is null) await signal.WaitAsync(_stop.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (BrokerFailure.Is(e))
        {
            end.Because(BrokerFailure.Words(e));
        }
    }

    private async Task SendAsync(Publisher publisher)
    {
        while (publisher.HasRoom && Next() is { } message) await publisher.SendAsync(message).ConfigureAwait(false);
    }

    private BusMessage? Next()
    {
        lock (_gate) return _outbox.TryDequeue(out var message) ? message : null;
    }

    private async Task FollowAsync(BrokerLine line)
    {
        while (await line.FollowAsync(Addresses()).ConfigureAwait(false))
        {
        }

        while (NextNewHost() is { } host) await line.TakeAsync(host).ConfigureAwait(false);
    }

    private IReadOnlySet<string> Addresses()
    {
        lock (_gate) return _wanted.Keys.ToHashSet(StringComparer.Ordinal);
    }

    private string? NextNewHost()
    {
        lock (_gate) return _newHosts.TryDequeue(out var host) ? host : null;
    }

    private void GaveUp(int messages, string words)
    {
        Interlocked.Add(ref _lost, messages);
        _onTrouble(words);
    }

    // Once for each time that it cannot be used.
    private void Tell(string trouble)
    {
        if (!_stop.IsCancellationRequested && Interlocked.Exchange(ref _trouble, trouble) is null or NotYet) _onTrouble(trouble);
    }

    private sealed class Wanted
    {
        public int Count { get; set; }

        public Action<BusMessage, Action?>? Keeper { get; set; }
    }
}
