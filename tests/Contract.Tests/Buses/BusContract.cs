using System.Collections.Concurrent;
using Contract.Tests.Stores;
using Coordinator.Application.Bus;
using Coordinator.Shared.Identity;

namespace Contract.Tests.Buses;

/// <summary>
/// What every bus promises (<see cref="IBus"/>), which is little: what arrives was sent, to that address, while subscribed; and who sends until
/// answered gets through. Written so that it holds for a bus that loses, repeats, delays and reorders.
/// </summary>
public abstract class BusContract
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <param name="capacity">Messages that may wait for one address.</param>
    protected abstract IBus Create(int capacity = 1_000);

    internal static BusMessage Message(string address, int n) => new(address, new AckForHost(new HostId("host-a"), 1, n));

    protected static int Number(BusMessage message) => (int)((AckForHost)message.Body).N;

    /// <summary>Waits for a handler. Fails rather than hangs.</summary>
    protected static void Await(ManualResetEventSlim signal) => Assert.True(signal.Wait(Patience), "nothing arrived");

    /// <summary>As the product does: sends each number again until the subscriber has seen it.</summary>
    protected static void SendUntilSeen(IBus bus, string address, int count, ConcurrentDictionary<int, bool> seen, SemaphoreSlim arrival)
    {
        for (var round = 0; seen.Count < count; round++)
        {
            Assert.True(round < 10_000, $"{count - seen.Count} of {count} never arrived");
            for (var n = 0; n < count; n++)
            {
                if (!seen.ContainsKey(n)) bus.Publish(Message(address, n));
            }

            if (seen.Count < count) arrival.Wait(TimeSpan.FromMilliseconds(20));
        }
    }

    [ServerFact]
    public void Given_a_subscriber_When_messages_are_sent_until_seen_Then_each_arrives_unchanged_and_nothing_else()
    {
        using var bus = Create();
        var seen = new ConcurrentDictionary<int, bool>();
        var strangers = new ConcurrentQueue<BusMessage>();
        using var arrival = new SemaphoreSlim(0);
        using var subscription = bus.Subscribe("shard.1", m =>
        {
            if (m.Address != "shard.1" || m != Message("shard.1", Number(m))) strangers.Enqueue(m);
            seen[Number(m)] = true;
            arrival.Release();
        });
        using var other = bus.Subscribe("shard.2", strangers.Enqueue);

        SendUntilSeen(bus, "shard.1", 200, seen, arrival);

        Assert.Equal(Enumerable.Range(0, 200), seen.Keys.Order());
        Assert.Empty(strangers);
    }

    [ServerFact]
    public void Given_two_subscribers_of_one_address_When_messages_are_sent_until_seen_Then_both_get_them()
    {
        using var bus = Create();
        var first = new ConcurrentDictionary<int, bool>();
        var second = new ConcurrentDictionary<int, bool>();
        using var arrival = new SemaphoreSlim(0);
        using var a = bus.Subscribe("host.a", m => first[Number(m)] = true);
        using var b = bus.Subscribe("host.a", m => { second[Number(m)] = true; arrival.Release(); });

        SendUntilSeen(bus, "host.a", 50, second, arrival);
        SendUntilSeen(bus, "host.a", 50, first, arrival);

        Assert.Equal((50, 50), (first.Count, second.Count));
    }

    [ServerFact]
    public void Given_no_subscriber_When_published_Then_nothing_happens() =>
        Assert.Null(Record.Exception(() =>
        {
            using var bus = Create();
            for (var n = 0; n < 5_000; n++) bus.Publish(Message("shard.1", n));
        }));

    [ServerFact]
    public void Given_a_handler_that_publishes_to_its_own_address_When_called_Then_it_does_not_wait_for_itself()
    {
        using var bus = Create();
        using var reached = new ManualResetEventSlim();
        using var subscription = bus.Subscribe("shard.1", m =>
        {
            if (Number(m) == 100) reached.Set();
            else if (!reached.IsSet) for (var copy = 0; copy < 3; copy++) bus.Publish(Message("shard.1", Number(m) + 1)); // three, as some are lost
        });

        for (var round = 0; round < 1_000 && !reached.IsSet; round++)
        {
            bus.Publish(Message("shard.1", 0));
            reached.Wait(TimeSpan.FromMilliseconds(5));
        }

        Await(reached);
    }

    [ServerFact]
    public void Given_a_handler_that_stands_still_When_its_queue_is_full_Then_publishing_is_refused_and_other_addresses_may_go_on()
    {
        using var bus = Create(capacity: 10);
        using var entered = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        using var stuck = bus.Subscribe("shard.1", _ => { entered.Set(); release.Wait(Patience); });
        for (var n = 0; n < 100 && !entered.IsSet; n++)
        {
            bus.Publish(Message("shard.1", n));
            entered.Wait(TimeSpan.FromMilliseconds(5));
        }

        Await(entered);

        var accepted = 0;
        while (accepted < 10_000 && bus.Publish(Message("shard.1", accepted))) accepted++;

        release.Set();
        Assert.True(accepted < 10_000, "10,000 messages were taken for a handler that stands still");
    }

    [ServerFact]
    public void Given_an_ended_subscription_When_published_Then_its_handler_is_not_called_again()
    {
        using var bus = Create();
        var calls = 0;
        var first = new ConcurrentDictionary<int, bool>();
        var second = new ConcurrentDictionary<int, bool>();
        using var arrival = new SemaphoreSlim(0);
        var ended = bus.Subscribe("shard.1", m => { Interlocked.Increment(ref calls); first[Number(m)] = true; arrival.Release(); });
        SendUntilSeen(bus, "shard.1", 5, first, arrival);

        ended.Dispose();
        ended.Dispose();
        using var still = bus.Subscribe("shard.1", m => { second[Number(m)] = true; arrival.Release(); });
        SendUntilSeen(bus, "shard.1", 5, second, arrival); // whatever call was under way has ended once a later message was handled
        var before = Volatile.Read(ref calls);
        second.Clear();
        SendUntilSeen(bus, "shard.1", 5, second, arrival);

        Assert.Equal(before, Volatile.Read(ref calls));
    }

    [ServerFact]
    public void Given_a_disposed_bus_When_published_Then_it_is_refused_and_no_handler_runs()
    {
        var bus = Create();
        var disposed = false;
        var late = 0;
        using var subscription = bus.Subscribe("shard.1", _ =>
        {
            if (Volatile.Read(ref disposed)) Interlocked.Increment(ref late);
        });
        for (var n = 0; n < 500; n++) bus.Publish(Message("shard.1", n));

        bus.Dispose();
        Volatile.Write(ref disposed, true);

        Assert.False(bus.Publish(Message("shard.1", 1)));
        bus.Dispose();
        Assert.Equal(0, late);
    }
}
