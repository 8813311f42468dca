using Coordinator.Server.Hub;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Server.Tests;

public sealed class OutboundQueueTests
{
    private readonly ManualClock _clock = new();

    [Fact]
    public async Task The_latest_order_of_a_subject_takes_the_place_of_the_one_before()
    {
        var queue = new OutboundQueue(10, _clock);
        queue.Offer(Order("vm-1", 1));
        queue.Offer(Order("vm-2", 1));
        queue.Offer(new HubAck(1, 1));
        queue.Offer(Order("vm-1", 2));

        Assert.Equal(Order("vm-1", 2), await queue.TakeAsync(default));
        Assert.Equal(Order("vm-2", 1), await queue.TakeAsync(default));
        Assert.Equal(new HubAck(1, 1), await queue.TakeAsync(default));
    }

    [Fact]
    public async Task A_full_queue_refuses_and_tells_how_long_it_has_been_full()
    {
        var queue = new OutboundQueue(2, _clock);
        queue.Offer(Order("vm-1", 1));
        queue.Offer(Order("vm-2", 1));

        Assert.False(queue.Offer(Order("vm-3", 1)));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.True(queue.Offer(Order("vm-2", 2)), "the newer order of a subject needs no place of its own");
        Assert.Equal(TimeSpan.FromSeconds(10), queue.FullFor);

        await queue.TakeAsync(default);
        Assert.Equal(TimeSpan.Zero, queue.FullFor);
        Assert.True(queue.Offer(Order("vm-3", 1)));
    }

    [Fact]
    public async Task A_waiting_taker_is_woken()
    {
        var queue = new OutboundQueue(2, _clock);
        var taken = queue.TakeAsync(default);
        Assert.False(taken.IsCompleted);

        queue.Offer(new HubAck(1, 1));

        Assert.Equal(new HubAck(1, 1), await taken.WaitAsync(TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Handshakes_come_back_with_time()
    {
        var limiter = new HandshakeLimiter(2, _clock);
        Assert.True(limiter.TryTake());
        Assert.True(limiter.TryTake());
        Assert.False(limiter.TryTake());

        _clock.Advance(TimeSpan.FromMilliseconds(500));

        Assert.True(limiter.TryTake());
        Assert.False(limiter.TryTake());
    }

    private static HubOrder Order(string vm, long number) => new(new StopVm(VmId.Parse(vm), number, new Epoch(1)));

    private sealed class ManualClock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _now;

        public void Advance(TimeSpan time) => _now += time.Ticks;
    }
}
