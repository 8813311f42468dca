using System.Collections.Concurrent;
using Coordinator.Adapters.InProcess;
using Coordinator.Application.Bus;

namespace Contract.Tests.Buses;

/// <summary>The bus of a single node keeps the contract, and more: it loses nothing that it accepted and keeps the order of each address.</summary>
public sealed class InProcessBusTests : BusContract
{
    protected override IBus Create(int capacity = 1_000) => new InProcessBus(capacity);

    [Fact]
    public void Given_accepted_messages_When_delivered_Then_each_came_once_and_in_order_of_its_address()
    {
        const int count = 20_000;
        using var bus = new InProcessBus(capacity: count);
        var seen = new[] { new List<int>(), new List<int>() };
        using var done = new CountdownEvent(2 * count);
        using var a = bus.Subscribe("shard.0", m => { seen[0].Add(Number(m)); done.Signal(); });
        using var b = bus.Subscribe("shard.1", m => { seen[1].Add(Number(m)); done.Signal(); });

        for (var n = 0; n < count; n++)
        {
            Assert.True(bus.Publish(Message("shard.0", n)));
            Assert.True(bus.Publish(Message("shard.1", n)));
        }

        Assert.True(done.Wait(TimeSpan.FromSeconds(30)));
        Assert.Equal(Enumerable.Range(0, count), seen[0]);
        Assert.Equal(Enumerable.Range(0, count), seen[1]);
    }

    [Fact]
    public void Given_a_full_queue_When_its_handler_goes_on_Then_publishing_is_accepted_again()
    {
        using var bus = new InProcessBus(capacity: 3);
        using var entered = new SemaphoreSlim(0);
        using var go = new SemaphoreSlim(0);
        using var subscription = bus.Subscribe("shard.1", _ => { entered.Release(); go.Wait(); });
        Assert.True(bus.Publish(Message("shard.1", 0)));
        entered.Wait();

        Assert.Equal([true, true, true, false], Enumerable.Range(1, 4).Select(n => bus.Publish(Message("shard.1", n))));
        go.Release();
        entered.Wait();
        Assert.True(bus.Publish(Message("shard.1", 5)));
        go.Release(10);
    }

    [Fact]
    public void Given_a_handler_that_throws_When_called_Then_it_is_told_and_the_bus_goes_on()
    {
        var failures = new ConcurrentQueue<(BusMessage, string)>();
        using var bus = new InProcessBus(onFailure: (m, e) => failures.Enqueue((m, e.Message)));
        using var reached = new ManualResetEventSlim();
        using var bad = bus.Subscribe("shard.1", _ => throw new InvalidOperationException("a bug"));
        using var good = bus.Subscribe("shard.1", m => { if (Number(m) == 2) reached.Set(); });

        bus.Publish(Message("shard.1", 1));
        bus.Publish(Message("shard.1", 2));

        Await(reached);
        Assert.Equal([(Message("shard.1", 1), "a bug"), (Message("shard.1", 2), "a bug")], failures);
    }
}
