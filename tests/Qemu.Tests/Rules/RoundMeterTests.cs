using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Rules;

public sealed class RoundMeterTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);
    private readonly RoundMeter _meter = new();

    [Fact]
    public void A_round_is_over_when_the_dirty_log_was_read_again()
    {
        Assert.Null(Look(0, sync: 1, sent: 0, remaining: 100));
        Assert.Null(Look(500, sync: 1, sent: 50, remaining: 50));
        var round = Look(1000, sync: 2, sent: 100, remaining: 10);
        Assert.Equal((1, 100, 1000, 10, 10), Shape(round));
        Assert.Null(Look(1100, sync: 2, sent: 105, remaining: 5));
    }

    [Fact]
    public void Rounds_that_passed_between_two_looks_are_told_as_one()
    {
        Look(0, sync: 1, sent: 0, remaining: 100);
        Assert.Equal((6, 130, 2000, 4, 2), Shape(Look(2000, sync: 7, sent: 130, remaining: 4)));
    }

    [Fact]
    public void The_bandwidth_is_learned_at_full_speed_and_not_from_our_own_pace()
    {
        Look(0, 1, 0, 100);
        Look(1000, 1, 100, 50); // 100 MiB/s, unhindered
        Look(2000, 1, 102, 48, pace: 2); // 2 MiB/s, as we said
        Assert.Equal(100, Mebi(_meter.Bandwidth));
    }

    [Fact]
    public void The_policys_limit_is_a_bandwidth()
    {
        Look(0, 1, 0, 100, pace: 10, paced: false);
        Look(1000, 1, 10, 90, pace: 10, paced: false);
        Assert.Equal(10, Mebi(_meter.Bandwidth));
    }

    [Fact]
    public void Until_measured_QEMUs_own_figure_counts()
    {
        Look(0, 1, 0, 100, throughput: 80);
        Assert.Equal(80, Mebi(_meter.Bandwidth));
    }

    [Fact]
    public void No_round_is_told_before_the_line_was_seen_unhindered()
    {
        Look(0, 5, 0, 2, pace: 8, throughput: 8); // slowed by an agent before us: QEMU's figure is that of the pace
        Assert.Null(Look(1000, 6, 8, 2, pace: 8, throughput: 8));
        Assert.False(_meter.IsMeasured);
        var round = Look(1300, 7, 38, 2, throughput: 90);
        Assert.True(_meter.IsMeasured);
        Assert.Equal(100, Mebi(round!.Bandwidth));
    }

    [Fact]
    public void Windows_spent_on_zero_pages_count_little()
    {
        Look(0, 1, 0, 1000);
        Look(100, 1, 0.01, 500); // zero pages: hardly a byte
        Look(1100, 1, 100.01, 400);
        Assert.InRange(Mebi(_meter.Bandwidth), 99, 101);
    }

    [Fact]
    public void Waiting_rounds_are_neither_told_nor_counted_but_a_change_of_mind_is()
    {
        var log = new RoundLog();
        var policy = MigrationPolicy.Default with { MaxRounds = 3, MaxBlackoutMs = 300 };
        Assert.Equal(Verdict.Ready, Judge(dirty: 1)!.Value.Forecast.Verdict);
        for (var waiting = 0; waiting < 10; waiting++) Assert.Null(Judge(dirty: 1));
        var worse = Judge(dirty: 1000)!.Value;
        Assert.Equal((2, Verdict.Continue), (worse.Facts.Round, worse.Forecast.Verdict));

        (RoundFacts Facts, Forecast Forecast)? Judge(double dirty) => log.Judge(
            new RoundFacts(99, ByteCount.FromMebi(10), TimeSpan.FromSeconds(1), ByteCount.FromMebi(dirty), ByteRate.FromMebi(100), ByteRate.FromMebi(1), 0),
            policy, force: false, TimeSpan.FromMilliseconds(80));
    }

    [Fact]
    public void An_order_to_force_turns_every_other_verdict_and_says_why()
    {
        var round = new RoundFacts(1, ByteCount.FromMebi(10), TimeSpan.FromSeconds(1), ByteCount.FromMebi(1000), ByteRate.FromMebi(100), ByteRate.FromMebi(90), 0);
        var forecast = new RoundLog().Judge(round, MigrationPolicy.Default, force: true, TimeSpan.Zero)!.Value.Forecast;
        Assert.Equal(Verdict.Force, forecast.Verdict);
        Assert.StartsWith("forced by order", forecast.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_moving_is_noticed_and_a_byte_starts_the_time_anew()
    {
        var watch = new StallWatch(TimeSpan.FromSeconds(10));
        Assert.False(watch.IsStalled(new ByteCount(5), Start));
        Assert.False(watch.IsStalled(new ByteCount(5), Start.AddSeconds(10)));
        Assert.True(watch.IsStalled(new ByteCount(5), Start.AddSeconds(11)));
        Assert.False(watch.IsStalled(new ByteCount(6), Start.AddSeconds(12)));
        Assert.False(watch.IsStalled(new ByteCount(6), Start.AddSeconds(21)));
    }

    private RoundFacts? Look(
        int atMs, int sync, double sent, double remaining, double? pace = null, bool paced = true, double throughput = 0) => _meter.Observe(
        new MigrationStatus
        {
            State = "active", SyncCount = sync, Transferred = ByteCount.FromMebi(sent), Remaining = ByteCount.FromMebi(remaining), Throughput = ByteRate.FromMebi(throughput),
        },
        pace is { } limit ? ByteRate.FromMebi(limit) : Pacing.Unlimited, paced, Start.AddMilliseconds(atMs));

    private static (int Round, int Sent, int Milliseconds, int Dirty, int DirtyRate) Shape(RoundFacts? r) =>
        (r!.Round, Mebi(r.Sent), (int)r.Duration.TotalMilliseconds, Mebi(r.Dirty), Mebi(r.DirtyRate));

    private static int Mebi(ByteCount count) => (int)Math.Round(count.Value / 1048576.0);

    private static int Mebi(ByteRate rate) => (int)Math.Round(rate.Value / 1048576.0);
}
