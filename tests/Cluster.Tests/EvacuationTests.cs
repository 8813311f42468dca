using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Units;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>Hosts are emptied by a person with <c>lm</c>: real processes, guests that write all the time.</summary>
public sealed class EvacuationTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Guests = 6;
    private ClusterUnderTest _cluster = null!;

    public async Task InitializeAsync()
    {
        _cluster = await ClusterUnderTest.StartAsync("host-a", "host-b", "host-c");
        for (var number = 1; number <= Guests; number++) await _cluster.Client.RegisterAsync(Vm(number), "host-a", Guest);
        for (var number = 1; number <= Guests; number++) await RunsAsync(Vm(number));
    }

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task A_host_is_emptied_while_its_coordinator_is_killed_and_every_guest_runs_once_elsewhere()
    {
        var id = Begin("--max-bandwidth", "2Mi");
        await _cluster.UntilAsync("a guest to be under way", async () => (await NowAsync(id)).Status.Counts.Moving > 0);
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator();
        await _cluster.ReadyAsync();

        var (exit, words) = _cluster.Lm("evacuations", "watch", id, "--timeout", "120");

        output.WriteLine(words);
        Assert.Equal(0, exit);
        Assert.EndsWith($"{id} host-a: Completed, {Guests} of {Guests} guests arrived\nhost-a: safe to power off\n", words, StringComparison.Ordinal);
        await RunOnceAsync(onSource: 0);
        var host = await _cluster.Client.HostAsync("host-a");
        Assert.Equal(("Empty", false, 0), (host.Status.Phase, host.Spec.Schedulable, host.Status.Claims.Count));
        Assert.Equal(Guests, (await EventsAsync(id)).Count(e => e.Type == "GuestArrived"));
        Assert.Contains("so it is Completed", _cluster.Lm("explain", id).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_pause_starts_nothing_new_what_moves_ends_and_a_resume_goes_on()
    {
        var id = Begin("--max-in-flight", "1", "--max-bandwidth", "2Mi");
        await _cluster.UntilAsync("a guest to be under way", async () => (await NowAsync(id)).Status.Counts.Moving > 0);
        Assert.Equal(0, _cluster.Lm("evacuations", "pause", id, "--reason", "storm").ExitCode);

        await _cluster.UntilAsync("nothing to move", async () => (await NowAsync(id)).Status.Counts.Moving == 0);
        var paused = await EventsAsync(id);
        var at = paused.First(e => e.Type == "EvacuationPaused").Version;
        Assert.DoesNotContain(paused, e => e.Type == "GuestStarted" && e.Version > at);
        Assert.Equal(("Paused", "operator", true), Read(await NowAsync(id)));

        Assert.Equal(0, _cluster.Lm("evacuations", "resume", id).ExitCode);
        Assert.Equal(0, _cluster.Lm("evacuations", "watch", id, "--timeout", "120").ExitCode);
        await RunOnceAsync(onSource: 0);
    }

    [Fact]
    public async Task A_cancel_with_its_migrations_leaves_every_guest_running_once_the_host_open_again_and_nothing_behind()
    {
        var id = Begin("--max-in-flight", "2", "--max-bandwidth", "64Ki");
        await _cluster.UntilAsync("a guest to be under way", async () => (await NowAsync(id)).Status.Guests.Any(guest => guest is { Phase: "Moving", Migration: not null }));
        Assert.Equal(0, _cluster.Lm("evacuations", "cancel", id, "--stop-running", "--reason", "wrong host").ExitCode);

        var (exit, words) = _cluster.Lm("evacuations", "watch", id, "--timeout", "120");

        Assert.Equal(1, exit);
        Assert.Contains("Aborted", words, StringComparison.Ordinal);
        await _cluster.UntilAsync("its migrations to be closed", async () => (await MigrationsAsync()).All(m => m.Status.Phase == "Closed"));
        var ended = await NowAsync(id);
        await RunOnceAsync(onSource: Guests - ended.Status.Counts.Arrived);
        Assert.True((await _cluster.Client.HostAsync("host-a")).Spec.Schedulable);
        Assert.All(await MigrationsAsync(), m => Assert.Equal(id, m.Status.Evacuation));
    }

    private static GuestSpec Guest => new("native", ByteCount.FromMebi(8), 1) { Load = new SyntheticLoad(ByteCount.FromMebi(1), ByteRate.FromMebi(0.25)) };

    private static string Vm(int number) => $"evacuee-{number}";

    private static (string, string?, bool) Read(EvacuationResource e) => (e.Status.Phase, e.Status.PausedBy, e.Status.Counts.Waiting > 0);

    private string Begin(params string[] options)
    {
        var (exit, words) = _cluster.Lm(["evacuate", "host-a", "--yes", "-o", "name", .. options]);
        Assert.True(exit == 0, words);
        return words.Trim();
    }

    private Task RunsAsync(string vm) => _cluster.UntilAsync($"{vm} to run", async () => (await _cluster.Client.VmAsync(vm)).Status.Phase == "Running");

    // Each has one process, a claim at one host, and so many are where they were.
    private async Task RunOnceAsync(int onSource)
    {
        var stayed = 0;
        for (var number = 1; number <= Guests; number++)
        {
            var vm = await _cluster.Client.VmAsync(Vm(number));
            Assert.Equal(("Running", 1), (vm.Status.Phase, _cluster.GuestProcesses(Vm(number))));
            if (vm.Status.Host == "host-a") stayed++;
            foreach (var host in _cluster.Hosts)
            {
                var here = host == vm.Status.Host;
                Assert.Equal((host, here ? 1 : 0), (host, (await _cluster.Client.HostAsync(host)).Status.Claims.Count(claim => claim.Vm == Vm(number))));
                if (!here) Assert.Empty(_cluster.Residue(Vm(number), host));
            }
        }

        Assert.Equal(onSource, stayed);
    }

    private Task<EvacuationResource> NowAsync(string id) => _cluster.Client.Api.GetAsync("/v1/evacuations/" + id, ApiJson.Reader.EvacuationResource, CancellationToken.None);

    private async Task<IReadOnlyList<MigrationResource>> MigrationsAsync() =>
        (await _cluster.Client.Api.GetAsync("/v1/migrations", ApiJson.Reader.ListResourceMigrationResource, CancellationToken.None)).Items;

    private async Task<IReadOnlyList<EventResource>> EventsAsync(string id) =>
        (await _cluster.Client.Api.GetAsync($"/v1/evacuations/{id}/events?limit=500", ApiJson.Reader.ListResourceEventResource, CancellationToken.None)).Items;
}
