using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using FsCheck;
using FsCheck.Fluent;

namespace Engine.Tests;

/// <summary>The pure rule asked at every round boundary.</summary>
public sealed class ConvergenceTests
{
    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(1000);
    private static readonly TimeSpan Trip = TimeSpan.FromMilliseconds(1);

    private static readonly Gen<RoundFacts[]> Histories =
        from count in Gen.Choose(1, 12)
        from dirty in Gen.Choose(0, 1 << 30).ArrayOf(count)
        from bandwidth in Gen.Choose(0, 1 << 30)
        from throttle in Gen.Choose(0, 99)
        select dirty.Select((d, i) => Round(i + 1, d, bandwidth, throttle)).ToArray();

    private static readonly Gen<MigrationPolicy> Policies =
        from blackout in Gen.Choose(1, 60_000)
        from throttle in Gen.Choose(0, 99)
        from rounds in Gen.Choose(2, 20)
        from force in Gen.Elements("rollBack", "force")
        select new MigrationPolicy { MaxBlackoutMs = blackout, MaxThrottlePercent = throttle, MaxRounds = rounds, OnNonConverging = force };

    [Fact]
    public void Ready_is_said_exactly_when_the_expected_blackout_is_within_the_limit() => ForAll((rounds, policy) =>
    {
        var forecast = Decide(rounds, policy);
        return (forecast.Verdict == Verdict.Ready) == (forecast.ExpectedBlackout.TotalMilliseconds <= policy.MaxBlackoutMs);
    });

    [Fact]
    public void The_expected_blackout_is_at_least_the_time_to_send_what_differs() => ForAll((rounds, policy) =>
    {
        var forecast = Decide(rounds, policy);
        var least = rounds[^1].Bandwidth.TimeFor(rounds[^1].Dirty);
        return forecast.ExpectedBlackout >= (least > TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : least + Trip);
    });

    [Fact]
    public void More_dirty_memory_never_shortens_the_expected_blackout() => ForAll((rounds, policy) =>
    {
        RoundFacts[] more = [.. rounds[..^1], rounds[^1] with { Dirty = rounds[^1].Dirty + ByteCount.FromMebi(1) }];
        return Decide(more, policy).ExpectedBlackout >= Decide(rounds, policy).ExpectedBlackout;
    });

    [Fact]
    public void A_guest_is_never_slowed_more_than_the_policy_allows_and_never_less_than_before() => ForAll((rounds, policy) =>
    {
        var forecast = Decide(rounds, policy);
        return forecast.Verdict != Verdict.Throttle
            || (forecast.ThrottlePercent <= policy.MaxThrottlePercent && forecast.ThrottlePercent > rounds[^1].ThrottlePercent);
    });

    [Fact]
    public void After_the_last_round_there_is_always_a_decision() => ForAll((rounds, policy) =>
        rounds[^1].Round < policy.MaxRounds || Decide(rounds, policy).Verdict is Verdict.Ready or Verdict.GiveUp or Verdict.Force);

    [Fact]
    public void Giving_up_and_forcing_are_told_apart_by_the_policy_alone() => ForAll((rounds, policy) =>
        Decide(rounds, policy).Verdict is not (Verdict.GiveUp or Verdict.Force)
        || Decide(rounds, policy).Verdict == (policy.OnNonConverging == "force" ? Verdict.Force : Verdict.GiveUp));

    [Fact]
    public void A_guest_whose_dirty_memory_keeps_shrinking_is_neither_slowed_nor_given_up_before_the_last_round() => Check.One(Many, Prop.ForAll(
        Gen.Choose(2, 9).ToArbitrary(), Policies.ToArbitrary(), (count, policy) =>
        {
            var rounds = Enumerable.Range(1, count).Select(n => Round(n, (1L << 34) >> n, 1 << 20, 0)).ToArray();
            return rounds[^1].Round >= policy.MaxRounds || Decide(rounds, policy).Verdict is Verdict.Continue or Verdict.Ready;
        }));

    [Fact]
    public void An_unknown_bandwidth_is_no_reason_to_stop_a_guest_that_differs()
    {
        var forecast = Decide([Round(1, 4096, 0, 0)], MigrationPolicy.Default);

        Assert.Equal((Verdict.Continue, TimeSpan.FromDays(1)), (forecast.Verdict, forecast.ExpectedBlackout));
    }

    private static void ForAll(Func<RoundFacts[], MigrationPolicy, bool> property) =>
        Check.One(Many, Prop.ForAll(Histories.ToArbitrary(), Policies.ToArbitrary(), property));

    private static Forecast Decide(RoundFacts[] rounds, MigrationPolicy policy) => ConvergenceRule.Decide(rounds, policy, ByteCount.Zero, Trip);

    private static RoundFacts Round(int number, long dirty, long bandwidth, int throttle) =>
        new(number, ByteCount.FromMebi(64), TimeSpan.FromSeconds(1), new ByteCount(dirty), new ByteRate(bandwidth), new ByteRate(dirty), throttle);
}
