using Cluster.Tests.Given;
using Coordinator.Shared.Contracts.Api;
using Lab.Servers;

namespace Cluster.Tests;

/// <summary>A coordinator is emptied before its machine is touched, by a person with <c>lm</c>, and nobody notices.</summary>
public sealed class DrainTests() : OnPostgres(coordinators: 2)
{
    [PostgresFact]
    public async Task A_drained_coordinator_has_no_shards_goes_on_answering_and_takes_none_until_it_is_undrained_even_after_a_restart()
    {
        await OwnAsync(two => two > 0);
        var move = await BeginSlowMoveAsync();
        await move.HappenedAsync("PreCopyRoundCompleted");

        Assert.Equal(0, Cluster.Lm("cluster", "drain-node", "node-2", "--reason", "new kernel").ExitCode);
        await OwnAsync(two => two == 0);
        Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);

        Cluster.SpeakTo(2);
        var asked = await Move.OfFakeGuestAsync(Cluster);
        await asked.BeginAsync();
        Assert.Equal("Completed", (await asked.SettledAsync()).Status.Outcome);
        Assert.Equal(("Draining", "new kernel"), Read(await NodeAsync("node-2")));
        var (exit, words) = Cluster.Lm("cluster", "drain-node", "node-1");
        Assert.Equal((5, true), (exit, words.Contains("node.last", StringComparison.Ordinal)));

        Cluster.Kill("coordinator-2");
        Cluster.StartCoordinator(number: 2);
        Cluster.SpeakTo(1);
        await Cluster.UntilAsync("node-2 to be back", async () => (await NodeAsync("node-2")) is { Status: { Phase: "Draining", Address: not null, Shards: 0 } });
        Assert.Equal(0, Cluster.Lm("cluster", "undrain-node", "node-2").ExitCode);
        await OwnAsync(two => two > 0);
    }

    [PostgresFact]
    public async Task A_coordinator_that_died_is_shown_as_dead_and_found_by_the_doctor_until_it_is_back()
    {
        await OwnAsync(two => two > 0);
        // The certificates of these tests are good for a day.
        await Cluster.UntilAsync("the doctor to find nothing else", () => Task.FromResult(Failing() == "certificates"));

        Cluster.Kill("coordinator-2");
        await Cluster.UntilAsync("node-2 to be dead", async () => (await NodeAsync("node-2"))?.Status.Phase == "Dead");
        await OwnAsync(two => two == 0);
        await Cluster.UntilAsync("the doctor to find it", () => Task.FromResult(Failing() == "nodes certificates"));
        using var http = new HttpClient();
        var metrics = await http.GetStringAsync(new Uri(Cluster.Server + "/metrics"));
        Assert.All(
            ["lm_nodes{state=\"live\"} 1", "lm_nodes{state=\"dead\"} 1", "lm_shard_owned 256", "lm_shards_without_owner 0", "lm_feed_lag_seconds 0."],
            line => Assert.Contains("\n" + line, metrics, StringComparison.Ordinal));

        Cluster.StartCoordinator(number: 2);
        await OwnAsync(two => two > 0);
    }

    // Names of the checks that fail.
    private string Failing()
    {
        var (exit, words) = Cluster.Lm("cluster", "doctor");
        var failing = words.Split('\n').Where(line => line.Contains("  FAILS  ", StringComparison.Ordinal)).Select(line => line.Split(' ')[0]).ToList();
        Assert.Equal(failing.Count == 0 ? 0 : 1, exit);
        return string.Join(' ', failing);
    }

    private static (string, string?) Read(NodeResource? node) => (node!.Status.Phase, node.Spec.DrainReason);

    private async Task<NodeResource?> NodeAsync(string name) =>
        (await Cluster.Client.Api.GetAsync("/v1/cluster/nodes", ApiJson.Reader.ListResourceNodeResource, CancellationToken.None)).Items.FirstOrDefault(node => node.Metadata.Name == name);

    // Each shard has an owner that lives, and this is true of how many node-2 has.
    private Task OwnAsync(Func<int, bool> holds) => Cluster.UntilAsync("the shards to be where they should", async () =>
    {
        var owners = new List<ShardResource>();
        await foreach (var shard in Cluster.Client.Api.ListAsync("/v1/cluster/shards", ApiJson.Reader.ListResourceShardResource, CancellationToken.None)) owners.Add(shard);
        return owners.TrueForAll(shard => shard.OwnerLives) && holds(owners.Count(shard => shard.Owner == "node-2"));
    });
}
