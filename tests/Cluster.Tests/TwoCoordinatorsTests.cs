using System.Diagnostics;
using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Lab.Servers;
using Npgsql;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>Two coordinators on one PostgreSQL, no broker: the one that decides for a live migration is killed, and the other one ends it.</summary>
public sealed class TwoCoordinatorsTests(ITestOutputHelper output) : OnPostgres(coordinators: 2)
{
    [PostgresFact]
    public async Task The_owner_of_a_migration_in_pre_copy_is_killed_and_the_other_coordinator_ends_it_without_a_byte_sent_again()
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

    [PostgresFact]
    public async Task The_owner_stands_still_in_pre_copy_is_followed_and_wakes_up_as_one_who_decides_nothing_it_lost()
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

    [PostgresFact]
    public async Task A_coordinator_that_is_told_to_stop_hands_its_shards_over_and_a_migration_goes_on()
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

    [PostgresFact]
    public async Task Whatever_node_is_asked_decides_through_the_owner_and_shows_the_answer()
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

    // Both have joined and share the shards.
    private Task BothDecideAsync() => Cluster.UntilAsync("both coordinators to decide", () => Task.FromResult(
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
