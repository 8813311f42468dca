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
public sealed class TwoCoordinatorsTests(ITestOutputHelper output) : IAsyncLifetime
{
    // So slow a link that pre-copy lasts seconds, whatever else the machine does.
    private static readonly MigrationPolicy Slow = new(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0);
    private const int WrittenMebi = 96;

    private readonly PostgresServer _store = new();
    private ClusterUnderTest _cluster = null!;

    public async Task InitializeAsync()
    {
        if (PostgresServer.WhyMissing() is not null) return;
        _store.Start();
        _cluster = await ClusterUnderTest.StartAsync(_store, coordinators: 2);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        _store.Dispose();
    }

    [PostgresFact]
    public async Task The_owner_of_a_migration_in_pre_copy_is_killed_and_the_other_coordinator_ends_it_without_a_byte_sent_again()
    {
        await BothDecideAsync();
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        await move.HappenedAsync("PreCopyRoundCompleted");
        var owner = OwnerOf(MigrationId.Parse(move.Id).Shard);
        var survivor = owner == "node-1" ? 2 : 1;

        _cluster.Kill(ClusterUnderTest.Coordinator(3 - survivor));
        var killed = Stopwatch.GetTimestamp();
        _cluster.SpeakTo(survivor);
        await _cluster.UntilAsync("the other one to have the shard", () => Task.FromResult(OwnerOf(MigrationId.Parse(move.Id).Shard) == $"node-{survivor}"));
        output.WriteLine($"{owner} killed, the shard was taken {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:0} ms later");

        var migration = await move.SettledAsync();
        output.WriteLine($"re-sent {migration.Status.Resent} of {migration.Status.Sent}, blackout {migration.Status.BlackoutMs:0.0} ms");
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
    }

    [PostgresFact]
    public async Task The_owner_stands_still_in_pre_copy_is_followed_and_wakes_up_as_one_who_decides_nothing_it_lost()
    {
        await BothDecideAsync();
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        await move.HappenedAsync("PreCopyRoundCompleted");
        var shard = MigrationId.Parse(move.Id).Shard;
        var owner = OwnerOf(shard);
        var survivor = owner == "node-1" ? 2 : 1;
        var zombie = ClusterUnderTest.Coordinator(3 - survivor);

        _cluster.Stop(zombie);
        _cluster.SpeakTo(survivor);
        await _cluster.UntilAsync("the other one to have the shard", () => Task.FromResult(OwnerOf(shard) == $"node-{survivor}"));
        _cluster.Continue(zombie);

        var migration = await move.SettledAsync();
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await _cluster.SaysAsync(zombie, "have another owner");
        await BothDecideAsync();
        Assert.False(_cluster.HasEnded(zombie));
    }

    [PostgresFact]
    public async Task A_coordinator_that_is_told_to_stop_hands_its_shards_over_and_a_migration_goes_on()
    {
        await BothDecideAsync();
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        await move.HappenedAsync("PreCopyRoundCompleted");
        var survivor = OwnerOf(MigrationId.Parse(move.Id).Shard) == "node-1" ? 2 : 1;

        _cluster.Terminate(ClusterUnderTest.Coordinator(3 - survivor));
        _cluster.SpeakTo(survivor);

        var migration = await move.SettledAsync();
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await _cluster.SaysAsync(ClusterUnderTest.Coordinator(3 - survivor), "for other nodes to take");
    }

    [PostgresFact]
    public async Task Whatever_node_is_asked_decides_through_the_owner_and_shows_the_answer()
    {
        await BothDecideAsync();
        for (var number = 1; number <= 2; number++)
        {
            _cluster.SpeakTo(number);
            for (var n = 0; n < 3; n++)
            {
                var move = await Move.OfFakeGuestAsync(_cluster);
                await move.BeginAsync();
                Assert.Equal("Completed", (await move.SettledAsync()).Status.Outcome);
            }
        }
    }

    // Both have joined and share the shards.
    private Task BothDecideAsync() => _cluster.UntilAsync("both coordinators to decide", () => Task.FromResult(
        Ask("select count(distinct owner)::text from coordinator.shard where owner <> ''") == "2" && Ask("select count(*)::text from coordinator.shard where owner = ''") == "0"));

    private string OwnerOf(int shard) => Ask($"select owner from coordinator.shard where shard = {shard}");

    private string Ask(string sql)
    {
        using var connection = new NpgsqlConnection(_store.ConnectionString());
        connection.Open();
        using var query = new NpgsqlCommand(sql, connection);
        return (string)query.ExecuteScalar()!;
    }
}
