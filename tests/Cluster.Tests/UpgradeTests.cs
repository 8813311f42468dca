using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Lab.Servers;
using Npgsql;

namespace Cluster.Tests;

/// <summary>Two releases side by side on one database: coordinator after coordinator is replaced while guests move, may be taken back, and no longer once it is finished.</summary>
public sealed class UpgradeTests() : OnPostgres(coordinators: 2)
{
    private const string Older = "0.0.9 1.0";

    [PostgresFact]
    public async Task A_rolling_upgrade_ends_what_was_begun_and_can_be_taken_back_until_it_is_finished()
    {
        // A database of the older release.
        using (var connection = new NpgsqlConnection(Store.ConnectionString()))
        {
            connection.Open();
            using var command = new NpgsqlCommand("update coordinator.meta set value = '1.0' where name = 'contracts'", connection);
            command.ExecuteNonQuery();
        }

        await ReplaceAsync(1, Older);
        await ReplaceAsync(2, Older);
        var move = await BeginSlowMoveAsync();
        await move.HappenedAsync("PreCopyRoundCompleted");

        await ReplaceAsync(2, null);
        await Cluster.UntilAsync("both releases to be seen", async () => (await CheckAsync("versions")).Ok == false);
        await MovesAsync();
        Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);
        var (exit, words) = Cluster.Schema("finish");
        Assert.Equal((78, true), (exit, words.Contains("node-1 (1.0)", StringComparison.Ordinal)));

        // Back once: nothing that only the newer one knows was written.
        await ReplaceAsync(2, Older);
        await MovesAsync();
        await ReplaceAsync(2, null);
        await ReplaceAsync(1, null);
        Assert.Equal(0, Cluster.Schema("finish").ExitCode);
        await Cluster.UntilAsync("one release to be seen", async () => (await CheckAsync("versions")).Ok);
        await MovesAsync();

        Cluster.Terminate("coordinator-2");
        await Cluster.UntilAsync("it to stop", () => Task.FromResult(Cluster.HasEnded("coordinator-2")));
        Cluster.StartCoordinator(number: 2, release: Older);
        await Cluster.UntilAsync("the older release to be refused", () => Task.FromResult(Cluster.HasEnded("coordinator-2")));
        await Cluster.SaysAsync("coordinator-2", $"may hold events of contracts {ContractVersion.Current}, this program speaks 1.0");
    }

    // As the page on upgrades says: drained, stopped, started as the other release, undrained.
    private async Task ReplaceAsync(int number, string? release)
    {
        var (name, node) = (ClusterUnderTest.Coordinator(number), $"node-{number}");
        Cluster.SpeakTo(3 - number);
        await NodeAsync(node, n => n is { Status.Shards: > 0 });
        await WishAsync(node, "drain");
        await NodeAsync(node, n => n is { Status.Shards: 0 });
        Cluster.Terminate(name);
        await Cluster.UntilAsync($"{node} to stop", () => Task.FromResult(Cluster.HasEnded(name)));
        Cluster.StartCoordinator(number: number, release: release);
        await NodeAsync(node, n => n is { Status: { Phase: "Draining", Address: not null } });
        await WishAsync(node, "undrain");
        await NodeAsync(node, n => n is { Status.Shards: > 0 } && n.Status.Contracts == (release is null ? ContractVersion.Current.ToString() : "1.0"));
    }

    private async Task MovesAsync()
    {
        for (var number = 1; number <= 2; number++)
        {
            Cluster.SpeakTo(number);
            var move = await Move.OfFakeGuestAsync(Cluster);
            await move.BeginAsync();
            Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);
        }
    }

    private async Task<ClusterCheck> CheckAsync(string name) => (await Cluster.Client.Api.GetAsync("/v1/cluster", ApiJson.Reader.ClusterResource, CancellationToken.None)).Checks.Single(c => c.Name == name);

    private Task NodeAsync(string node, Func<NodeResource, bool> holds) => Cluster.UntilAsync($"{node} to be as it should", async () =>
        (await Cluster.Client.Api.GetAsync("/v1/cluster/nodes", ApiJson.Reader.ListResourceNodeResource, CancellationToken.None)).Items.Any(n => n.Metadata.Name == node && holds(n)));

    private Task WishAsync(string node, string wish) => Cluster.Client.Api.PostAsync(
        $"/v1/cluster/nodes/{node}:{wish}", new ActionRequest("upgrade"), ApiJson.Default.ActionRequest, ApiJson.Reader.NodeResource, CancellationToken.None);
}
