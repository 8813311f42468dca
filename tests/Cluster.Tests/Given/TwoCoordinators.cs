using System.Diagnostics;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Npgsql;
using Xunit.Abstractions;

namespace Cluster.Tests.Given;

/// <summary>What two coordinators on one PostgreSQL go through, whatever carries their messages.</summary>
public abstract class TwoCoordinators(ITestOutputHelper output, bool broker) : OnPostgres(coordinators: 2, broker)
{
    protected async Task OwnerIsKilledAsync()
    {
        await BothDecideAsync();
        var move = await BeginSlowMoveAsync();
        await move.HappenedAsync("PreCopyRoundCompleted");
        var shard = MigrationId.Parse(move.Id).Shard;
        var (owner, survivor) = RolesFor(shard);

        Cluster.Kill(ClusterUnderTest.Coordinator(owner));
        var killed = Stopwatch.GetTimestamp();
        Cluster.SpeakTo(survivor);
        await TakesAsync(survivor, shard);
        output.WriteLine($"node-{owner} killed, the shard was taken {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:0} ms later");

        var migration = await move.SettledAsync();
        output.WriteLine($"re-sent {migration.Status.Resent} of {migration.Status.Sent}, blackout {migration.Status.BlackoutMs:0.0} ms");
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
    }

    protected async Task OwnerStandsStillAsync()
    {
        await BothDecideAsync();
        var move = await BeginSlowMoveAsync();
        await move.HappenedAsync("PreCopyRoundCompleted");
        var shard = MigrationId.Parse(move.Id).Shard;
        var (owner, survivor) = RolesFor(shard);
        var zombie = ClusterUnderTest.Coordinator(owner);

        Cluster.Stop(zombie);
        Cluster.SpeakTo(survivor);
        await TakesAsync(survivor, shard);
        Cluster.Continue(zombie);

        var migration = await move.SettledAsync();
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await Cluster.SaysAsync(zombie, "have another owner");
        await BothDecideAsync();
        Assert.False(Cluster.HasEnded(zombie));
    }

    protected async Task OwnerIsToldToStopAsync()
    {
        await BothDecideAsync();
        var move = await BeginSlowMoveAsync();
        await move.HappenedAsync("PreCopyRoundCompleted");
        var (owner, survivor) = RolesFor(MigrationId.Parse(move.Id).Shard);

        Cluster.Terminate(ClusterUnderTest.Coordinator(owner));
        Cluster.SpeakTo(survivor);

        var migration = await move.SettledAsync();
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await Cluster.SaysAsync(ClusterUnderTest.Coordinator(owner), "for other nodes to take");
    }

    protected async Task AnyNodeIsAskedAsync()
    {
        await BothDecideAsync();
        for (var number = 1; number <= 2; number++)
        {
            Cluster.SpeakTo(number);
            for (var n = 0; n < 3; n++)
            {
                var move = await Move.OfFakeGuestAsync(Cluster);
                await move.BeginAsync();
                Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);
            }
        }
    }

    /// <summary>Both have joined and share the shards.</summary>
    protected Task BothDecideAsync() => Cluster.UntilAsync("both coordinators to decide", () => Task.FromResult(
        Ask("select count(distinct owner)::text from coordinator.shard where owner <> ''") == "2" && Ask("select count(*)::text from coordinator.shard where owner = ''") == "0"));

    // Numbers of the one that decides for the shard, and of the other one.
    private (int Owner, int Other) RolesFor(int shard) => OwnerOf(shard) == "node-1" ? (1, 2) : (2, 1);

    private Task TakesAsync(int number, int shard) => Cluster.UntilAsync("the other one to have the shard", () => Task.FromResult(OwnerOf(shard) == $"node-{number}"));

    private string OwnerOf(int shard) => Ask($"select owner from coordinator.shard where shard = {shard}");

    private string Ask(string sql)
    {
        using var connection = new NpgsqlConnection(Store.ConnectionString());
        connection.Open();
        using var query = new NpgsqlCommand(sql, connection);
        return (string)query.ExecuteScalar()!;
    }
}
