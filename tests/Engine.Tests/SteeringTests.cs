using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using Engine.Tests.Given;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>What steers a transfer from outside: limits, throttling, force, waiting for the word to stop.</summary>
public sealed class SteeringTests
{
    // Dirties its whole working set within a few milliseconds: over a slow link it never converges by itself.
    private static readonly GuestSpec Restless = TwoHosts.Guest(24, 8, 2000);

    private static readonly MigrationPolicy SlowLink = new() { MaxBlackoutMs = 30, MaxBandwidth = ByteRate.FromMebi(64), MaxRounds = 60 };

    [Fact]
    public async Task A_guest_that_does_not_converge_is_slowed_until_it_does_and_runs_at_full_speed_at_the_destination()
    {
        await using var hosts = new TwoHosts { Spec = Restless, Policy = SlowLink with { MaxThrottlePercent = 99 } };
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();
        hosts.StartOutgoing();

        var slowed = hosts.Source.Events.Next<OutgoingRound>(r => r.Forecast.Verdict == Verdict.Throttle);
        var ready = hosts.UntilReady();

        Assert.True(ready.Facts.ThrottlePercent >= slowed.Forecast.ThrottlePercent);
        Assert.Equal(ready.Facts.ThrottlePercent, hosts.Source.Status(hosts.Vm).ThrottlePercent);
        hosts.StopAndCopy();
        hosts.RunAtDestination();
        Assert.Equal(0, hosts.Destination.Status(hosts.Vm).ThrottlePercent);
        Assert.Equal(0, hosts.Destination.Status(hosts.Vm).Errors);
    }

    [Fact]
    public async Task A_guest_that_may_not_be_slowed_is_given_up_with_the_figures_and_goes_on()
    {
        await using var hosts = new TwoHosts { Spec = Restless, Policy = SlowLink };
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();
        hosts.StartOutgoing();

        var failed = hosts.Source.Events.NextFailure<OutgoingFailed>();

        Assert.True(failed.GuestRuns);
        Assert.Contains("does not reach the limit of 30 ms", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_forced_switchover_moves_a_guest_that_does_not_converge()
    {
        await using var hosts = new TwoHosts { Spec = Restless, Policy = SlowLink with { MaxRounds = 1000, MaxThrottlePercent = 1 } };
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();
        hosts.StartOutgoing();
        hosts.Source.Events.Next<OutgoingRound>();

        hosts.Source.Driver.Execute(new UpdateOutgoing(hosts.Vm, hosts.Plan with { Force = true }));

        Assert.Equal(Verdict.Force, hosts.UntilReady().Forecast.Verdict);
        hosts.StopAndCopy();
        Assert.Equal(0, hosts.DifferentPages());
    }

    [Fact]
    public async Task Rounds_made_while_waiting_for_the_word_to_stop_are_not_reported_again()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(24, 8, 5), Policy = new MigrationPolicy { MaxBlackoutMs = 10_000, MaxRounds = 3 } };
        hosts.StartGuest();
        hosts.Prepare();
        hosts.StartOutgoing();
        var ready = hosts.UntilReady();

        hosts.Source.Events.Next<OutgoingProgress>(p => p.Sample.Round > ready.Facts.Round + 8);

        Assert.Single(hosts.Source.Events.Events.OfType<OutgoingRound>());
        hosts.StopAndCopy();
    }

    [Fact]
    public async Task A_bandwidth_limit_holds_and_can_be_lifted_in_flight()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(64, 48, 0), Policy = new MigrationPolicy { MaxBandwidth = ByteRate.FromMebi(8) } };
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();
        hosts.StartOutgoing();
        var early = hosts.Source.Events.Next<OutgoingProgress>();
        Assert.True(early.Sample.Sent < ByteCount.FromMebi(40), $"{early.Sample.Sent} within the first moment");

        hosts.Source.Driver.Execute(new UpdateOutgoing(hosts.Vm, hosts.Plan with { Policy = new MigrationPolicy() }));

        var round = hosts.UntilReady();
        Assert.True(round.Facts.Bandwidth > ByteRate.FromMebi(8), $"{round.Facts.Bandwidth}");
    }

    [Fact]
    public async Task A_precheck_names_what_stands_in_the_way()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        var impossible = hosts.Spec with { Memory = new ByteCount(1000) };
        var huge = hosts.Spec with { Memory = new ByteCount(1L << 50) };

        Assert.DoesNotContain(hosts.Source.Driver.SelfTest(), p => p.Severity == "error");
        Assert.Equal(["tracking.cooperative"], Codes(hosts.Source, MigrationRole.Source, hosts.Spec));
        Assert.Empty(Codes(hosts.Destination, MigrationRole.Destination, hosts.Spec));
        Assert.Contains("guest.missing", Codes(hosts.Destination, MigrationRole.Source, hosts.Spec));
        Assert.Contains("guest.present", Codes(hosts.Source, MigrationRole.Destination, hosts.Spec));
        Assert.Contains("guest.impossible", Codes(hosts.Destination, MigrationRole.Destination, impossible));
        Assert.Contains("memory.tooSmall", Codes(hosts.Destination, MigrationRole.Destination, huge));

        IEnumerable<string> Codes(Host host, MigrationRole role, GuestSpec spec) =>
            host.Driver.Precheck(role, hosts.Vm, spec, hosts.Policy).Select(p => p.Code);
    }

    [Fact]
    public async Task A_guest_that_cannot_be_started_is_reported_with_what_the_holder_said()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(16, 4, 1) with { Load = new SyntheticLoad(ByteCount.Zero, ByteRate.Zero, new string('x', 200)) } };

        hosts.Source.Driver.Execute(new StartGuest(hosts.Vm, hosts.Spec, new(1)));

        Assert.Contains("107 bytes", hosts.Source.Events.NextFailure<GuestFailed>().Reason, StringComparison.Ordinal);
    }
}
