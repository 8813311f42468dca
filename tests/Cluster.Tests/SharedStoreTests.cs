using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Lab.Servers;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>One coordinator on PostgreSQL, with real agents and a guest that writes all the time: killed, and then its database too.</summary>
public sealed class SharedStoreTests(ITestOutputHelper output) : IAsyncLifetime
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
        _cluster = await ClusterUnderTest.StartAsync(_store, coordinators: 1);
    }

    public async Task DisposeAsync()
    {
        if (_cluster is not null) await _cluster.DisposeAsync();
        _store.Dispose();
    }

    [PostgresFact]
    public async Task A_coordinator_killed_in_pre_copy_costs_no_byte_and_a_database_that_crashed_costs_none_either()
    {
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        await move.SentAsync(ByteCount.FromMebi(8));
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator();
        await move.SentAsync(ByteCount.FromMebi(16));
        _store.Crash();
        await _cluster.SaysAsync("coordinator", "the store cannot be used");
        _store.StartAgain();

        var migration = await move.SettledAsync();
        output.WriteLine($"re-sent {migration.Status.Resent} of {migration.Status.Sent}, blackout {migration.Status.BlackoutMs:0.0} ms");
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await _cluster.ReadyAsync();
    }
}
