using System.Net.Http.Json;
using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Units;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>
/// The disk of the coordinator is lost, and a backup is put in its place while guests run and have moved since: the store learns from the hosts where they
/// are, and no guest is ever started a second time.
/// </summary>
public sealed class RestoreTests(ITestOutputHelper output) : IAsyncLifetime
{
    private ClusterUnderTest _cluster = null!;

    public async Task InitializeAsync() => _cluster = await ClusterUnderTest.StartAsync("host-a", "host-b", "host-c");

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task A_guest_that_moved_after_the_backup_stays_where_it_is_and_moves_on()
    {
        var move = await Move.OfNativeGuestAsync(_cluster);
        var file = Backup();
        await move.BeginAsync();
        await move.SettledAsync();

        // Its host is silent when the old store comes back: the store believes it on host-a, under epoch 1.
        _cluster.Kill(move.Destination);
        Restore(file);
        await OthersHeardAsync();
        var before = await _cluster.Client.VmAsync(move.Vm);
        Assert.Equal(("InDoubt", move.Source), (before.Status.Phase, before.Status.Host));
        Refused("vm.inDoubt", "vms", "start", move.Vm, "--reason", "impatient");
        Refused("vm.inDoubt", "migrate", move.Vm, "--to", "host-c", "--reason", "impatient");
        Assert.Equal(1, _cluster.GuestProcesses(move.Vm));

        // It falls before it keeps that it was heard, and between that and saying its reports again.
        foreach (var point in new[] { "before-persist:storeRestored", "after-persist:storeRestored" })
        {
            _cluster.StartAgent(move.Destination, point);
            await _cluster.DiedAsync(move.Destination);
        }

        _cluster.StartAgent(move.Destination);
        await _cluster.ReadyAsync();
        await _cluster.UntilAsync($"{move.Vm} to be known again", async () => (await _cluster.Client.VmAsync(move.Vm)).Status is { Phase: "Running", Host: "host-b", Epoch: 2 });

        var onward = await _cluster.Client.MigrateAsync(move.Vm, "host-c");
        await ClosedAsync(onward, "Completed");
        await _cluster.UntilAsync("claims to be returned", async () => (await ClaimsOfAsync(move.Vm)) == "host-c");
        await move.RunsOnlyOnAsync("host-c");
        Assert.Equal(3, (await _cluster.Client.VmAsync(move.Vm)).Status.Epoch);
        output.WriteLine(_cluster.Witness.Judge(move.Vm).ToString());
    }

    [Fact]
    public async Task A_migration_begun_after_the_backup_is_ended_by_its_hosts_words()
    {
        var move = await Move.OfNativeGuestAsync(_cluster, written: 96);
        var file = Backup();
        await move.BeginAsync(new MigrationPolicy(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0));
        await move.SentAsync(ByteCount.FromMebi(16));

        Restore(file);
        await _cluster.ReadyAsync();
        // The store knew nothing of it; now it has its whole end.
        await ClosedAsync(move.Id, "Aborted");
        Assert.Equal(["MigrationRequested", "HistoryCut"], (await _cluster.Client.EventsAsync(move.Id)).Take(2).Select(e => e.Type));
        Assert.Equal((0, ""), Replayed(move.Id));
        await _cluster.UntilAsync($"{move.Vm} to be known again", async () => (await _cluster.Client.VmAsync(move.Vm)).Status is { Phase: "Running", Host: "host-a" });
        await move.RunsOnlyOnAsync("host-a");

        var again = await _cluster.Client.MigrateAsync(move.Vm, "host-c");
        await ClosedAsync(again, "Completed");
        await move.RunsOnlyOnAsync("host-c");
        Assert.Equal(3, (await _cluster.Client.VmAsync(move.Vm)).Status.Epoch);
    }

    [Fact]
    public async Task A_migration_of_the_backup_that_is_over_since_and_a_guest_that_the_backup_lacks_are_both_as_the_hosts_say()
    {
        var move = await Move.OfNativeGuestAsync(_cluster, written: 96);
        await move.BeginAsync(new MigrationPolicy(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0));
        await move.SentAsync(ByteCount.FromMebi(16));
        var file = Backup();
        await move.SettledAsync();
        var later = await Move.OfNativeGuestAsync(_cluster);

        Restore(file);
        await _cluster.ReadyAsync();
        await ClosedAsync(move.Id, "Completed");
        await _cluster.UntilAsync($"{move.Vm} to be known again", async () => (await _cluster.Client.VmAsync(move.Vm)).Status is { Phase: "Running", Host: "host-b", Epoch: 2 });
        await _cluster.UntilAsync($"{later.Vm} to be known", async () => (await _cluster.Client.VmAsync(later.Vm)).Status is { Phase: "Running", Host: "host-a" });
        await _cluster.UntilAsync("claims to be returned", async () => (await ClaimsOfAsync(move.Vm), await ClaimsOfAsync(later.Vm)) == ("host-b", "host-a"));
        await move.RunsOnlyOnAsync("host-b");
        await later.RunsOnlyOnAsync("host-a");
    }

    [Fact]
    public async Task A_host_that_never_comes_back_is_written_off_and_its_guest_starts_elsewhere()
    {
        var move = await Move.OfNativeGuestAsync(_cluster);
        var file = Backup();
        await move.BeginAsync();
        await move.SettledAsync();
        _cluster.KillMachine(move.Destination);

        Restore(file);
        await OthersHeardAsync();
        var (code, text) = _cluster.Lm("hosts", "write-off", "host-b", "--reason", "burnt down", "--attest-off", "--yes");
        Assert.True(code == 0, text);
        await _cluster.UntilAsync($"{move.Vm} to count as lost", async () => (await _cluster.Client.VmAsync(move.Vm)).Status.Phase == "Lost");

        (code, text) = _cluster.Lm("vms", "start", move.Vm, "--reason", "its host is gone");
        Assert.True(code == 0, text);
        await _cluster.UntilAsync($"{move.Vm} to run again", async () => (await _cluster.Client.VmAsync(move.Vm)).Status is { Phase: "Running", Host: "host-a", Epoch: 3 });
        Assert.Equal(1, _cluster.GuestProcesses(move.Vm));
    }

    private string Backup()
    {
        var file = Path.Combine(_cluster.Directory, "fleet.backup");
        var (code, text) = _cluster.CoordinatorDoes("backup", file);
        Assert.True(code == 0, text);
        Assert.Equal(0, _cluster.CoordinatorDoes("verify", file).ExitCode);
        return file;
    }

    private void Restore(string file)
    {
        _cluster.Kill("coordinator");
        _cluster.LoseStore();
        var (code, text) = _cluster.CoordinatorDoes("restore", file);
        Assert.True(code == 0, text);
        output.WriteLine(text);
        _cluster.StartCoordinator();
    }

    private void Refused(string why, params string[] words)
    {
        var (code, text) = _cluster.Lm(words);
        Assert.NotEqual(0, code);
        Assert.Contains(why, text, StringComparison.Ordinal);
    }

    private async Task OthersHeardAsync()
    {
        await _cluster.UntilAsync("host-a to be heard", async () => (await _cluster.Client.HostAsync("host-a")).Status.Phase == "Ready");
        await _cluster.UntilAsync("only host-b to be waited for", async () => await WaitingAsync() == "host-b");
    }

    // Who is waited for, as /readyz tells people.
    private async Task<string> WaitingAsync()
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(new Uri(_cluster.Server + "/readyz"));
        var health = await answer.Content.ReadFromJsonAsync(ApiJson.Reader.HealthReport);
        return health!.Checks.SingleOrDefault(check => check.Name == "restore")?.Detail.Split(": ")[^1] ?? "nobody";
    }

    private async Task<string> ClaimsOfAsync(string vm)
    {
        List<string> hosts = [];
        foreach (var host in _cluster.Hosts) hosts.AddRange((await _cluster.Client.HostAsync(host)).Status.Claims.Where(claim => claim.Vm == vm).Select(_ => host));
        return string.Join(",", hosts);
    }

    private (int, string) Replayed(string id)
    {
        var (code, text) = _cluster.Lm("replay", id);
        return (code, code == 0 ? "" : text);
    }

    private async Task ClosedAsync(string id, string outcome)
    {
        await _cluster.UntilAsync($"{id} to close", async () => (await _cluster.Client.MigrationAsync(id)).Status.Phase == "Closed");
        Assert.Equal(outcome, (await _cluster.Client.MigrationAsync(id)).Status.Outcome);
    }
}
