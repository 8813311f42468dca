using Coordinator.Shared.Units;
using FsCheck;
using FsCheck.Fluent;
using HostNode.Hypervisors.Qemu;

namespace Qemu.Tests.Rules;

public sealed class PacingTests
{
    [Fact]
    public void What_remains_is_spread_over_two_windows() =>
        Assert.Equal(ByteRate.FromMebi(50), Pacing.Next(ByteCount.FromMebi(10), ByteRate.Zero, Pacing.Unlimited));

    [Fact]
    public void A_round_that_is_nearly_over_goes_at_the_guests_own_rate() =>
        Assert.Equal(ByteRate.FromMebi(8), Pacing.Next(ByteCount.Zero, ByteRate.FromMebi(8), Pacing.Unlimited));

    [Fact]
    public void An_idle_guest_is_not_polled_to_death() => Assert.Equal(Pacing.Slowest, Pacing.Next(ByteCount.Zero, ByteRate.Zero, Pacing.Unlimited));

    [Fact]
    public void The_policys_limit_is_never_exceeded_and_the_pace_never_zero()
    {
        var amounts = ArbMap.Default.GeneratorFor<NonNegativeInt>();
        var cases = from remaining in amounts from dirty in amounts from ceiling in amounts select (remaining.Get * 1024L, dirty.Get * 1024L, (ceiling.Get + 1) * 1024L);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var pace = Pacing.Next(new ByteCount(c.Item1), new ByteRate(c.Item2), new ByteRate(c.Item3));
            return pace.Value > 0 && pace.Value <= c.Item3;
        }).QuickCheckThrowOnFailure();
    }
}
