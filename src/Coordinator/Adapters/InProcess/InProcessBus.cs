using System.Collections.Immutable;
using Coordinator.Application.Bus;

namespace Coordinator.Adapters.InProcess;

/// <summary>
/// The bus of a single node: a bounded queue for each address, and one thread that hands messages to subscribers. Publishing never calls a
/// handler, so a shard may publish to itself. Messages of one address arrive in order; addresses take turns.
/// </summary>
public sealed class InProcessBus : IBus
{
    /// <summary>Messages of one address handed over before the next address has its turn.</summary>
    private const int TurnMax = 64;

    private readonly object _gate = new();
    private readonly Dictionary<string, Address> _addresses = [];
    private readonly Queue<Address> _ready = new();
    private readonly Thread _thread;
    private readonly int _capacity;
    private readonly Action<BusMessage, Exception> _onFailure;
    private bool _disposed;

    /// <param name="capacity">Messages waiting for one address before publishing to it is refused.</param>
    /// <param name="onFailure">Told when a handler throws, which it must not; the message is gone then, and the bus goes on.</param>
    public InProcessBus(int capacity = 16_384, Action<BusMessage, Exception>? onFailure = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
        _onFailure = onFailure ?? ((_, _) => { });
        _thread = new Thread(Dispatch) { IsBackground = true, Name = "bus" };
        _thread.Start();
    }

    public bool Publish(BusMessage message)
    {
        lock (_gate) return Add(message);
    }

    public void Publish(IReadOnlyList<BusMessage> messages)
    {
        lock (_gate)
        {
            foreach (var message in messages) Add(message);
        }
    }

    public IDisposable Subscribe(string address, Action<BusMessage> handler)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_addresses.TryGetValue(address, out var queue)) _addresses[address] = queue = new Address(address);
            var subscription = new Subscription(this, queue, handler);
            queue.Subscribers = queue.Subscribers.Add(subscription);
            return subscription;
        }
    }

    /// <summary>Drops what waits and returns when no handler runs any more (unless called from one).</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed) return;
            _disposed = true;
            Monitor.PulseAll(_gate);
        }

        if (Thread.CurrentThread != _thread) _thread.Join();
    }

    private bool Add(BusMessage message)
    {
        if (_disposed) return false;
        if (!_addresses.TryGetValue(message.Address, out var address)) return true; // no subscriber: lost, which a bus may do
        if (address.Waiting.Count >= _capacity) return false;
        address.Waiting.Enqueue(message);
        MakeReady(address);
        return true;
    }

    private void MakeReady(Address address)
    {
        if (address.Scheduled) return;
        address.Scheduled = true;
        _ready.Enqueue(address);
        if (_ready.Count == 1) Monitor.Pulse(_gate);
    }

    private void Dispatch()
    {
        var turn = new List<BusMessage>(TurnMax);
        while (true)
        {
            ImmutableArray<Subscription> subscribers;
            lock (_gate)
            {
                while (_ready.Count == 0 && !_disposed) Monitor.Wait(_gate);
                if (_disposed) return;
                subscribers = TakeTurn(turn);
            }

            foreach (var message in turn) Deliver(message, subscribers);
            turn.Clear();
        }
    }

    private ImmutableArray<Subscription> TakeTurn(List<BusMessage> turn)
    {
        var address = _ready.Dequeue();
        address.Scheduled = false;
        while (turn.Count < TurnMax && address.Waiting.TryDequeue(out var message)) turn.Add(message);
        if (address.Waiting.Count > 0) MakeReady(address);
        return address.Subscribers;
    }

    private void Deliver(BusMessage message, ImmutableArray<Subscription> subscribers)
    {
        foreach (var subscriber in subscribers)
        {
            if (subscriber.Ended) continue;
            try
            {
                subscriber.Handler(message);
            }
            catch (Exception e)
            {
                _onFailure(message, e);
            }
        }
    }

    private void Unsubscribe(Subscription subscription)
    {
        lock (_gate)
        {
            var address = subscription.Address;
            address.Subscribers = address.Subscribers.Remove(subscription);
            if (address.Subscribers.IsEmpty)
            {
                address.Waiting.Clear();
                _addresses.Remove(address.Name);
            }
        }
    }

    private sealed class Address(string name)
    {
        public string Name { get; } = name;

        public Queue<BusMessage> Waiting { get; } = new();

        public ImmutableArray<Subscription> Subscribers { get; set; } = [];

        /// <summary>Stands in the queue of addresses with work.</summary>
        public bool Scheduled { get; set; }
    }

    private sealed class Subscription(InProcessBus bus, Address address, Action<BusMessage> handler) : IDisposable
    {
        private volatile bool _ended;

        public Address Address { get; } = address;

        public Action<BusMessage> Handler { get; } = handler;

        public bool Ended => _ended;

        public void Dispose()
        {
            if (_ended) return;
            _ended = true;
            bus.Unsubscribe(this);
        }
    }
}
