using System.Globalization;
using Coordinator.Shared.Convergence;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Support;

namespace Qemu.Tests.Driver;

/// <summary>An agent dies and another finds QEMU as it is.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task A_pre_copy_is_taken_up_where_it_is_and_ends_as_usual()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        await host.RestartAgentAsync();
        var found = host.Discover();
        Assert.Equal((GuestRunState.Running, MockedHost.Migration), (found.State, found.Migration));

        host.Driver.Execute(new StartOutgoing(MockedHost.Vm, QemuHost.Plan(MockedHost.Migration, 4711), Resume: true, Link: 2));
        await host.Sink.WaitForAsync<OutgoingProgress>();
        await host.Qemu.FinishPassAsync(4096);
        await host.Sink.WaitForAsync<OutgoingRound>();
        host.Driver.Execute(new StopAndCopy(MockedHost.Vm, MockedHost.Migration));
        await MockedHost.UntilAsync(() => host.Qemu.Migration == "device");
        await host.Qemu.CompleteAsync();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
        Assert.Single(host.Qemu.CarriedOut, c => c.StartsWith("migrate{", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_pace_that_was_left_behind_is_not_taken_for_the_line()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        await MockedHost.UntilAsync(() => Pace(host) < Pacing.Unlimited.Value);
        await host.RestartAgentAsync();
        host.Discover();
        host.Driver.Execute(new StartOutgoing(MockedHost.Vm, QemuHost.Plan(MockedHost.Migration, 4711), Resume: true, Link: 2));
        await MockedHost.UntilAsync(() => Pace(host) == Pacing.Unlimited.Value);

        await host.Qemu.FinishPassAsync(4096);
        var round = await host.Sink.WaitForAsync<OutgoingRound>();
        Assert.Equal(Verdict.Ready, round.Forecast.Verdict);
        await MockedHost.UntilAsync(() => Pace(host) < Pacing.Unlimited.Value);

        static long Pace(MockedHost host)
        {
            const string key = "migrate-set-parameters{\"max-bandwidth\":";
            var last = host.Qemu.CarriedOut.Last(c => c.StartsWith(key, StringComparison.Ordinal));
            return long.Parse(last[key.Length..].TrimEnd('}').Split(',')[0], CultureInfo.InvariantCulture);
        }
    }

    [Fact]
    public async Task A_guest_found_in_pre_switchover_is_not_left_waiting()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        await host.RestartAgentAsync();
        await host.Qemu.EnterPreSwitchoverAsync();
        Assert.Equal(GuestRunState.Paused, host.Discover().State);
        host.Driver.Execute(new StartOutgoing(MockedHost.Vm, QemuHost.Plan(MockedHost.Migration, 4711), Resume: true, Link: 2));
        Assert.True((await host.Sink.WaitForAsync<OutgoingFailed>()).GuestRuns);
    }

    [Fact]
    public async Task An_abort_needs_no_memory_of_the_start()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        await host.RestartAgentAsync();
        Assert.Equal(GuestRunState.Paused, host.Discover().State);
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        Assert.False((await host.Sink.WaitForAsync<OutgoingFailed>()).GuestRuns);
    }

    [Fact]
    public async Task A_completed_source_is_known_by_QEMUs_word_and_its_totals_are_awaited()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        await host.RestartAgentAsync();
        await host.Qemu.CompleteAsync();
        var asked = 0;
        host.Qemu.TotalTime = () => ++asked < 4 ? 0 : 1234;
        Assert.Equal(GuestRunState.Completed, host.Discover().State);
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        var completed = await host.Sink.WaitForAsync<OutgoingCompleted>();
        Assert.Equal(1234, completed.Stats.Total.TotalMilliseconds);
    }

    [Fact]
    public async Task A_QEMU_that_answers_nothing_is_alive_and_told_as_stopped()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        await host.RestartAgentAsync();
        host.Qemu.StandStill();
        var found = host.Discover();
        Assert.Equal((GuestRunState.Paused, MockedHost.Migration), (found.State, found.Migration));
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        await host.Qemu.CompleteAsync();
        host.Qemu.GoOn();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
    }

    [Fact]
    public async Task An_abort_of_what_never_began_says_so()
    {
        await using var host = new MockedHost();
        host.Discover();
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        Assert.True((await host.Sink.WaitForAsync<OutgoingFailed>()).GuestRuns);
        Assert.DoesNotContain(host.Qemu.CarriedOut, c => c.StartsWith("migrate{", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_guest_that_still_receives_is_never_told_to_run()
    {
        await using var host = new MockedHost();
        host.Qemu.RunState = "inmigrate";
        host.Qemu.Migration = "active";
        Assert.Equal(GuestRunState.Incoming, host.Discover().State);
        host.Driver.Execute(new RunGuest(MockedHost.Vm, new(1)));
        await host.Sink.WaitForAsync<GuestFailed>();
        Assert.DoesNotContain("cont", host.Qemu.CarriedOut);
    }
}
