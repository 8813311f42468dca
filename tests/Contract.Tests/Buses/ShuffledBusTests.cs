using Coordinator.Adapters.InProcess;
using Coordinator.Application.Bus;

namespace Contract.Tests.Buses;

/// <summary>The contract holds behind the shuffler, and the shuffler does shuffle.</summary>
public sealed class ShuffledBusTests : BusContract
{
    protected override IBus Create(int capacity = 1_000) => new ShuffledBus(new InProcessBus(capacity), seed: 7);

    [Fact]
    public void Given_a_seed_When_messages_are_published_Then_some_are_refused_lost_repeated_and_reordered_and_none_is_invented()
    {
        var (arrived, refused) = Fate(seed: 3);

        var distinct = arrived.Distinct().ToList();
        Assert.NotEmpty(refused);
        Assert.True(distinct.Count < 1_000 - refused.Count, "nothing was lost");
        Assert.True(arrived.Count > distinct.Count, "nothing was repeated");
        Assert.NotEqual(distinct.Order(), distinct);
        Assert.All(arrived, n => Assert.InRange(n, 0, 999));
        Assert.Empty(arrived.Intersect(refused));
    }

    [Fact]
    public void Given_the_same_seed_When_published_again_Then_the_fate_is_the_same_and_another_seed_has_another()
    {
        Assert.Equal(Fate(seed: 3).Arrived, Fate(seed: 3).Arrived);
        Assert.NotEqual(Fate(seed: 3).Arrived, Fate(seed: 4).Arrived);
    }

    private static (List<int> Arrived, List<int> Refused) Fate(int seed)
    {
        using var recorder = new RecordingBus();
        using var bus = new ShuffledBus(recorder, seed);
        var refused = Enumerable.Range(0, 1_000).Where(n => !bus.Publish(Message("shard.1", n))).ToList();
        bus.Release();
        return (recorder.Sent, refused);
    }

    private sealed class RecordingBus : IBus
    {
        public List<int> Sent { get; } = [];

        public bool Publish(BusMessage message)
        {
            Sent.Add(Number(message));
            return true;
        }

        public IDisposable Subscribe(string address, Action<BusMessage> handler) => throw new NotSupportedException("this bus only records");

        public void Dispose()
        {
        }
    }
}
