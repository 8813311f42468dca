using System.Diagnostics;
using HostNode.Hypervisors;
using Qemu.Tests.Support;

namespace Qemu.Tests.Real;

/// <summary>Faults in each phase of a real migration: where the guest is afterwards, and that its memory is whole.</summary>
[Collection(RealQemu.Name)]
[Trait("Category", "Long")]
public sealed class FaultTests
{
    private const long Slow = 20_000_000;

    [QemuFact]
    public async Task Aborted_in_pre_copy_the_guest_never_stops_and_can_leave_later()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await using var probe = await QmpProbe.OnAsync(hosts.Source);
        await hosts.BeginAsync(Slow);
        Assert.True((await hosts.AbortAsync()).GuestRuns);
        Assert.DoesNotContain("STOP", probe.Events);
        await hosts.Destination.Sink.WaitForAsync<IncomingFailed>();
        await hosts.Source.MemoryCheckAsync();

        await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        await hosts.FinishAsync();
    }

    [QemuFact]
    public async Task Cut_and_aborted_in_the_device_phase_a_guarded_source_stays_stopped_until_ordered()
    {
        await using var hosts = await TwoHosts.WithGuestAsync(workingSet: 48, rate: 30);
        await using var probe = await QmpProbe.OnAsync(hosts.Source);
        await hosts.BecomeDeviceAsync(probe);
        hosts.Link!.Cut();
        await Assert.ThrowsAsync<TimeoutException>(() => probe.Client.ExecuteAsync("query-status", timeout: TimeSpan.FromSeconds(1))); // QEMU's main loop stands still
        Assert.False((await hosts.AbortAsync()).GuestRuns);
        Assert.Equal("postmigrate", await probe.RunStateAsync());
        Assert.DoesNotContain("RESUME", probe.Events);
        hosts.Link!.Heal();
        await hosts.SourceRunsAgainAsync();
    }

    [QemuFact]
    public async Task Aborted_before_the_acknowledgement_came_the_source_has_it_although_the_destination_is_complete()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await using var probe = await QmpProbe.OnAsync(hosts.Source);
        await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        hosts.Link!.CutReturn();
        hosts.StopAndCopy();
        await hosts.Destination.Sink.WaitForAsync<IncomingLoaded>();
        Assert.Equal("device", await probe.MigrationAsync());
        Assert.False((await hosts.AbortAsync()).GuestRuns);
        Assert.DoesNotContain("RESUME", probe.Events);
        Assert.DoesNotContain(hosts.Destination.Sink.Told, e => e is GuestRunning);

        hosts.Destination.Driver.Execute(new DestroyGuest(QemuHost.Vm));
        await hosts.Destination.Sink.WaitForAsync<GuestDead>();
        await hosts.SourceRunsAgainAsync();
    }

    [QemuFact]
    public async Task A_link_cut_under_a_stopped_guest_costs_seconds_not_the_minutes_of_TCP()
    {
        await using var hosts = await TwoHosts.WithGuestAsync(change: o => o with { SwitchoverMax = TimeSpan.FromSeconds(1) });
        await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        hosts.Link!.CutReturn();
        hosts.StopAndCopy();
        var failed = await hosts.Source.Sink.WaitForAsync<OutgoingFailed>();
        Assert.False(failed.GuestRuns);
        Assert.Contains("was not over", failed.Reason, StringComparison.Ordinal);
        await hosts.SourceRunsAgainAsync();
    }

    [QemuFact]
    public async Task A_destination_killed_in_pre_copy_leaves_the_guest_running_at_the_source()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.BeginAsync(Slow);
        Kill(hosts.Destination.GuestPid);
        Assert.True((await hosts.Source.Sink.WaitForAsync<OutgoingFailed>()).GuestRuns);
        await hosts.Destination.Sink.WaitForAsync<IncomingFailed>();
        await hosts.Source.MemoryCheckAsync();
    }

    [QemuFact]
    public async Task A_destination_killed_in_the_device_phase_leaves_a_stopped_whole_source()
    {
        await using var hosts = await TwoHosts.WithGuestAsync(workingSet: 48, rate: 30);
        await using var probe = await QmpProbe.OnAsync(hosts.Source);
        await hosts.BecomeDeviceAsync(probe);
        Kill(hosts.Destination.GuestPid);
        Assert.False((await hosts.Source.Sink.WaitForAsync<OutgoingFailed>()).GuestRuns);
        Assert.DoesNotContain("RESUME", probe.Events);
        await hosts.SourceRunsAgainAsync();
    }

    [QemuFact]
    public async Task A_loaded_destination_killed_before_its_run_leaves_a_completed_source_that_runs_on_order()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.LoadAsync();
        Kill(hosts.Destination.GuestPid);
        await hosts.Destination.Sink.WaitForAsync<GuestVanished>();
        await hosts.SourceRunsAgainAsync();
    }

    [QemuFact]
    public async Task A_source_killed_once_all_was_acknowledged_leaves_a_loaded_destination_that_runs_on_order()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.LoadAsync();
        Kill(hosts.Source.GuestPid);
        await hosts.Source.Sink.WaitForAsync<GuestVanished>();
        hosts.Destination.Driver.Execute(new RunGuest(QemuHost.Vm, new(2)));
        await hosts.Destination.Sink.WaitForAsync<GuestRunning>();
        await hosts.Destination.MemoryCheckAsync(more: 2);
    }

    [QemuFact]
    public async Task A_destination_that_is_told_to_run_while_it_receives_does_not_start_by_itself_later()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.BeginAsync(Slow);
        hosts.Destination.Driver.Execute(new RunGuest(QemuHost.Vm, new(2)));
        await hosts.Destination.Sink.WaitForAsync<GuestFailed>();
        await hosts.BecomeReadyAsync();
        hosts.StopAndCopy();
        await hosts.Destination.Sink.WaitForAsync<IncomingLoaded>();
        await using var probe = await QmpProbe.OnAsync(hosts.Destination);
        Assert.Equal("paused", await probe.RunStateAsync());
    }

    private static void Kill(int pid)
    {
        using var process = Process.GetProcessById(pid);
        process.Kill();
    }
}
