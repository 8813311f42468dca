using Agent.Tests.Loop;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Links;

namespace Agent.Tests.Links;

public sealed class ReportQueueTests
{
    private readonly ManualClock _clock = new();
    private readonly ReportQueue _queue;

    public ReportQueueTests() => _queue = new ReportQueue(_clock) { StartCount = 3 };

    [Fact]
    public void Reports_leave_in_order_with_growing_numbers_once()
    {
        Put("a", "b", "c");

        Assert.Equal(["1 a", "2 b", "3 c"], Sent());
        Assert.Empty(Sent());
    }

    [Fact]
    public void A_report_with_the_key_of_one_not_acknowledged_takes_its_place_at_the_end()
    {
        Put("a", "b", "a");

        Assert.Equal(["2 b", "3 a"], Sent());
    }

    [Fact]
    public void An_acknowledged_report_is_not_sent_again_and_its_key_is_free()
    {
        Put("a");
        Sent();
        _queue.Acknowledge(3, 1);
        _queue.SendAllAgain();
        Assert.Empty(Sent());

        Put("a");
        Assert.Equal(["2 a"], Sent());
    }

    [Fact]
    public void The_acknowledgement_of_a_replaced_report_does_not_count_for_the_new_one()
    {
        Put("a");
        Sent();
        Put("a");
        _queue.Acknowledge(3, 1);

        Assert.Equal(["2 a"], Sent());
        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public void The_acknowledgement_of_another_start_is_ignored()
    {
        Put("a");
        Sent();

        _queue.Acknowledge(2, 1);

        Assert.Equal(1, _queue.Count);
    }

    [Fact]
    public void At_most_64_wait_for_their_acknowledgement()
    {
        Put([.. Enumerable.Range(0, 100).Select(i => $"k{i}")]);
        Assert.Equal(64, Sent().Count);

        _queue.Acknowledge(3, 1);
        _queue.Acknowledge(3, 2);

        Assert.Equal(["65 k64", "66 k65"], Sent());
    }

    [Fact]
    public void Everything_not_acknowledged_is_sent_again_on_a_new_link_in_order()
    {
        Put("a", "b", "c");
        Sent();
        _queue.Acknowledge(3, 2);
        _queue.SendAllAgain();

        Assert.Equal(["1 a", "3 c"], Sent());
    }

    [Fact]
    public void What_is_not_acknowledged_in_time_is_sent_again()
    {
        Put("a");
        Sent();
        _clock.Advance(ReportQueue.AckWithin - TimeSpan.FromMilliseconds(1));
        Assert.Empty(Sent());

        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(["1 a"], Sent());
    }

    private void Put(params string[] keys)
    {
        foreach (var key in keys) _queue.Put(key, new VmStopped(VmId.Parse(key), new Epoch(1)));
    }

    private List<string> Sent()
    {
        var sent = new List<string>();
        while (_queue.TryNext(out var next))
        {
            Assert.Equal(3, next.StartCount);
            sent.Add($"{next.N} {next.Report.Vm}");
        }

        return sent;
    }
}
