using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Support;

namespace Qemu.Tests.Driver;

/// <summary>The source's part, phase by phase, against a monitor that behaves as QEMU 7.2 was measured to.</summary>
public sealed class OutgoingTests
{
    [Fact]
    public async Task Without_order_QEMU_is_held_in_pre_copy_and_nothing_is_stopped()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        for (var pass = 0; pass < 5; pass++) await host.Qemu.FinishPassAsync(4096);
        await host.Sink.WaitForAsync<OutgoingProgress>(from: host.Sink.Count);
        Assert.Equal("active", host.Qemu.Migration);
        Assert.DoesNotContain("stop", host.Qemu.CarriedOut);
        Assert.DoesNotContain(host.Qemu.CarriedOut, c => c.Contains("2000000", StringComparison.Ordinal));
        Assert.Single(host.Sink.Told.OfType<OutgoingRound>()); // rounds of waiting are no news
    }

    [Fact]
    public async Task The_hold_is_made_before_the_first_byte_leaves()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        var said = host.Qemu.CarriedOut.ToList();
        var held = said.FindIndex(c => c.StartsWith("block-dirty-bitmap-add", StringComparison.Ordinal));
        var begun = said.FindIndex(c => c.StartsWith("""migrate{"uri":"tcp:127.0.0.1:4711"}""", StringComparison.Ordinal));
        Assert.InRange(held, 0, begun - 1);
        Assert.Contains(said.Take(begun), c => c.Contains("\"downtime-limit\":1}", StringComparison.Ordinal));
    }

    [Fact]
    public async Task On_order_the_guest_is_stopped_first_and_only_then_the_limit_is_raised()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        await host.Sink.WaitForAsync<OutgoingPaused>();
        await host.Qemu.CompleteAsync();
        var completed = await host.Sink.WaitForAsync<OutgoingCompleted>();
        var said = host.Qemu.CarriedOut.ToList();
        var stop = said.IndexOf("stop");
        var raised = said.FindIndex(c => c.Contains("\"downtime-limit\":2000000", StringComparison.Ordinal));
        var go = said.FindIndex(c => c.StartsWith("migrate-continue", StringComparison.Ordinal));
        Assert.True(stop > 0 && stop < raised && raised < go, string.Join('\n', said));
        Assert.Equal($"qemu:guest:{MockedHost.Migration}", completed.Digest);
        Assert.Equal(1, said.Count(c => c.StartsWith("migrate-continue", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Pre_switchover_without_an_order_is_cancelled_and_the_guest_goes_on()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        await host.Qemu.EnterPreSwitchoverAsync();
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.True(failed.GuestRuns);
        Assert.Contains("without permission", failed.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Qemu.CarriedOut, c => c.StartsWith("migrate-continue", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_stop_that_came_too_late_is_no_guard_and_the_attempt_is_given_up()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        host.Qemu.StopIsInTime = false;
        host.Driver.Execute(new StopAndCopy(MockedHost.Vm, MockedHost.Migration));
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.Contains("by itself", failed.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Sink.Told, e => e is OutgoingPaused or OutgoingCompleted);
        Assert.DoesNotContain(host.Qemu.CarriedOut, c => c.StartsWith("migrate-continue", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_abort_in_pre_copy_yanks_and_cancels()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.True(failed.GuestRuns);
        await MockedHost.UntilAsync(() => host.Qemu.CarriedOut.Contains("migrate_cancel"));
        Assert.Contains(host.Qemu.CarriedOut, c => c.StartsWith("oob:yank", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("cancelled")]
    [InlineData("failed")]
    public async Task Cancelled_and_failed_both_mean_not_migrated(string state)
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        await host.Qemu.FailAsync(state);
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.True(failed.GuestRuns);
    }

    [Fact]
    public async Task In_the_device_phase_only_the_yank_gets_through_and_a_guarded_guest_stays_stopped()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        host.Qemu.StandStill();
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.False(failed.GuestRuns);
        Assert.Equal("postmigrate", host.Qemu.RunState);

        host.Driver.Execute(new RunGuest(MockedHost.Vm, new(1)));
        await host.Sink.WaitForAsync<GuestRunning>();
    }

    [Fact]
    public async Task A_silent_device_phase_is_never_taken_for_death()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        host.Qemu.StandStill();
        await Task.Delay(700); // longer than a greeting may take: nothing must be concluded from it
        Assert.DoesNotContain(host.Sink.Told, e => e is GuestVanished or OutgoingFailed);
        host.Qemu.GoOn();
        await host.Qemu.CompleteAsync();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
    }

    [Fact]
    public async Task A_refused_yank_leaves_the_word_to_the_final_state()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        host.Qemu.Yank = () => throw new Mock.MockRefusal("QMP input member 'exec-oob' is unexpected");
        host.Qemu.StandStill();
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        await MockedHost.UntilAsync(() => host.Qemu.CarriedOut.Any(c => c.StartsWith("oob:yank", StringComparison.Ordinal)));
        await host.Qemu.CompleteAsync();
        host.Qemu.GoOn();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
        Assert.DoesNotContain(host.Sink.Told, e => e is OutgoingFailed);
    }

    [Fact]
    public async Task An_abort_after_completion_tells_the_completion_again()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        await host.Qemu.CompleteAsync();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
        var before = host.Sink.Count;
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        await host.Sink.WaitForAsync<OutgoingCompleted>(from: before);
    }

    [Fact]
    public async Task Nothing_moving_in_pre_copy_is_given_up()
    {
        await using var host = new MockedHost(o => o with { StallMax = TimeSpan.FromMilliseconds(100) });
        await host.BecomeReadyAsync();
        host.Qemu.Moves = false;
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.Contains("nothing was sent", failed.Reason, StringComparison.Ordinal);
        Assert.True(failed.GuestRuns);
    }

    [Fact]
    public async Task A_switchover_that_does_not_end_is_given_up_by_the_source_itself()
    {
        await using var host = new MockedHost(o => o with { SwitchoverMax = TimeSpan.FromMilliseconds(300) });
        await host.BecomeDeviceAsync();
        host.Qemu.StandStill();
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.False(failed.GuestRuns);
        Assert.Contains("was not over", failed.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_switchover_that_ended_leaves_no_deadline_behind()
    {
        await using var host = new MockedHost(o => o with { SwitchoverMax = TimeSpan.FromMilliseconds(300) });
        await host.BecomeDeviceAsync();
        await host.Qemu.CompleteAsync();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
        await Task.Delay(500); // past the deadline: what is not there cannot be waited for
        Assert.DoesNotContain(host.Qemu.CarriedOut, c => c.StartsWith("oob:yank", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_lost_monitor_is_found_again_and_the_migration_ends_as_it_would_have()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        host.Qemu.HangUpAgent();
        await host.Qemu.CompleteAsync(); // its event is lost
        await host.Sink.WaitForAsync<OutgoingCompleted>();
    }

    [Fact]
    public async Task A_state_unknown_to_us_counts_as_in_progress()
    {
        await using var host = new MockedHost();
        await host.BecomeDeviceAsync();
        host.Qemu.Migration = "device-with-a-new-name";
        await Task.Delay(50);
        Assert.DoesNotContain(host.Sink.Told, e => e is OutgoingFailed or OutgoingCompleted);
        await host.Qemu.CompleteAsync();
        await host.Sink.WaitForAsync<OutgoingCompleted>();
    }

    [Fact]
    public async Task Starting_twice_begins_once()
    {
        await using var host = new MockedHost();
        await host.BecomeReadyAsync();
        host.Driver.Execute(new StartOutgoing(MockedHost.Vm, QemuHost.Plan(MockedHost.Migration, 4711), Resume: true, Link: 2));
        host.Driver.Execute(new AbortOutgoing(MockedHost.Vm, MockedHost.Migration));
        await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.Single(host.Qemu.CarriedOut, c => c.StartsWith("migrate{", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_refused_start_tells_QEMUs_reason_and_that_the_guest_runs()
    {
        await using var host = new MockedHost();
        host.Discover();
        host.Driver.Execute(new StartOutgoing(MockedHost.Vm, QemuHost.Plan(MockedHost.Migration, 4711) with { Endpoint = new("127.0.0.1", 1, null) }, false, 1));
        var failed = await host.Sink.WaitForAsync<OutgoingFailed>();
        Assert.True(failed.GuestRuns);
        Assert.Contains("port", failed.Reason, StringComparison.Ordinal);
    }
}
