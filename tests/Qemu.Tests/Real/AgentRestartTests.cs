using HostNode.Hypervisors;
using Qemu.Tests.Support;

namespace Qemu.Tests.Real;

/// <summary>The agent dies at each phase of a real migration; QEMU lives on, and the next agent finds it.</summary>
[Collection(RealQemu.Name)]
public sealed class AgentRestartTests
{
    [QemuFact]
    public async Task A_guest_lives_in_a_session_of_its_own_with_no_pipe_and_is_found_again()
    {
        await using var host = new QemuHost("source");
        await host.StartAsync(QemuHost.Writing());
        var pid = host.GuestPid;
        Assert.NotEqual(SessionOf(Environment.ProcessId), SessionOf(pid));
        foreach (var descriptor in (int[])[0, 1, 2]) Assert.StartsWith("/", File.ResolveLinkTarget($"/proc/{pid}/fd/{descriptor}", false)!.FullName, StringComparison.Ordinal);
        var ours = PipesOf(Environment.ProcessId).Except(PipesOf(ParentOf(Environment.ProcessId))); // what a parent left open is not ours
        Assert.Empty(PipesOf(pid).Intersect(ours));

        var found = Assert.Single(await host.RestartAgentAsync());
        Assert.Equal((QemuHost.Vm, GuestRunState.Running, 1), (found.Vm, found.State, found.Spec!.Vcpus));
        await host.MemoryCheckAsync();
        host.Driver.Execute(new DestroyGuest(QemuHost.Vm));
        await host.Sink.WaitForAsync<GuestDead>();
        Assert.False(Directory.Exists($"/proc/{pid}") && File.ReadAllText($"/proc/{pid}/cmdline").Contains("qemu", StringComparison.Ordinal));
        Assert.False(Directory.Exists(host.GuestDirectory));
    }

    [QemuFact]
    public async Task A_pre_copy_goes_on_without_an_agent_and_is_taken_up_by_the_next()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        var plan = await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        var found = Assert.Single(await hosts.Source.RestartAgentAsync());
        Assert.Equal((GuestRunState.Running, hosts.Migration), (found.State, found.Migration));
        hosts.Source.Driver.Execute(new StartOutgoing(QemuHost.Vm, plan, Resume: true, Link: 2));
        await hosts.BecomeReadyAsync();
        await hosts.FinishAsync();
    }

    [QemuFact]
    public async Task Held_without_an_agent_an_idle_guest_is_not_stopped()
    {
        await using var hosts = await TwoHosts.WithGuestAsync(workingSet: 1, rate: 0);
        await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        await hosts.Source.Driver.DisposeAsync();
        await using var probe = await QmpProbe.OnAsync(hosts.Source);
        await hosts.Source.MemoryCheckAsync(more: 3); // three seconds of the guest's own life
        Assert.Equal(("running", "active"), (await probe.RunStateAsync(), await probe.MigrationAsync()));
        await hosts.Source.RestartAgentAsync();
    }

    [QemuFact]
    public async Task Both_sides_are_known_after_completion_and_the_destination_can_run()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.BeginAsync();
        await hosts.BecomeReadyAsync();
        hosts.StopAndCopy();
        await hosts.Source.Sink.WaitForAsync<OutgoingCompleted>();
        var loaded = await hosts.Destination.Sink.WaitForAsync<IncomingLoaded>();

        Assert.Equal(GuestRunState.Completed, Assert.Single(await hosts.Source.RestartAgentAsync()).State);
        var found = Assert.Single(await hosts.Destination.RestartAgentAsync());
        Assert.Equal((GuestRunState.Loaded, loaded.Digest, hosts.Migration), (found.State, found.LoadedDigest, found.Migration));
        hosts.Source.Driver.Execute(new AbortOutgoing(QemuHost.Vm, hosts.Migration));
        var again = await hosts.Source.Sink.WaitForAsync<OutgoingCompleted>();
        Assert.Equal(loaded.Digest, again.Digest);
        Assert.True(again.Stats.Total > TimeSpan.Zero && again.Stats.Pause > TimeSpan.Zero, again.ToString());

        hosts.Destination.Driver.Execute(new RunGuest(QemuHost.Vm, new(2)));
        await hosts.Destination.Sink.WaitForAsync<GuestRunning>();
        await hosts.Destination.MemoryCheckAsync(more: 2);
        Assert.Equal(GuestRunState.Running, Assert.Single(await hosts.Destination.RestartAgentAsync()).State);
    }

    [QemuFact]
    public async Task A_destination_agent_that_comes_later_tells_the_port_again_and_hears_of_the_load()
    {
        await using var hosts = await TwoHosts.WithGuestAsync();
        await hosts.BeginAsync(20_000_000);
        Assert.Equal(GuestRunState.Incoming, Assert.Single(await hosts.Destination.RestartAgentAsync()).State);
        await hosts.Destination.Sink.WaitForAsync<IncomingReady>(e => e.HypervisorPort > 0);
        await hosts.BecomeReadyAsync();
        await hosts.FinishAsync();
    }

    [QemuFact]
    public async Task A_cut_device_phase_found_by_a_new_agent_is_settled_once_the_link_heals()
    {
        await using var hosts = await TwoHosts.WithGuestAsync(workingSet: 48, rate: 30);
        await using (var probe = await QmpProbe.OnAsync(hosts.Source))
        {
            await hosts.BecomeDeviceAsync(probe);
            hosts.Link!.Cut();
        }

        var found = Assert.Single(await hosts.Source.RestartAgentAsync());
        Assert.Equal((GuestRunState.Paused, hosts.Migration), (found.State, found.Migration));
        hosts.Source.Driver.Execute(new AbortOutgoing(QemuHost.Vm, hosts.Migration));
        hosts.Link!.Heal();
        var told = await hosts.Source.Sink.WaitForAsync<HypervisorEvent>(e => e is OutgoingFailed or OutgoingCompleted);
        if (told is OutgoingFailed failed)
        {
            Assert.False(failed.GuestRuns);
            await hosts.SourceRunsAgainAsync();
        }
        else
        {
            await hosts.Destination.Sink.WaitForAsync<IncomingLoaded>();
        }
    }

    private static IEnumerable<string> PipesOf(int pid) =>
        Directory.GetFiles($"/proc/{pid}/fd").Select(d => new FileInfo(d).LinkTarget ?? "").Where(t => t.StartsWith("pipe:", StringComparison.Ordinal)).ToList();

    private static int ParentOf(int pid) => int.Parse(StatOf(pid)[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string SessionOf(int pid) => StatOf(pid)[3];

    // From the state on; the name before it may hold anything.
    private static string[] StatOf(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
