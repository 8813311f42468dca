using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Lab.Servers;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>One coordinator on PostgreSQL, with real agents and a guest that writes all the time: killed, and then its database too.</summary>
public sealed class SharedStoreTests(ITestOutputHelper output) : OnPostgres(coordinators: 1)
{
    [PostgresFact]
    public async Task A_coordinator_killed_in_pre_copy_costs_no_byte_and_a_database_that_crashed_costs_none_either()
    {
        var move = await BeginSlowMoveAsync();
        await move.SentAsync(ByteCount.FromMebi(8));
        Cluster.Kill("coordinator");
        Cluster.StartCoordinator();
        await move.SentAsync(ByteCount.FromMebi(16));
        Store.Crash();
        await Cluster.SaysAsync("coordinator", "the store cannot be used");
        Store.StartAgain();

        var migration = await move.SettledAsync();
        output.WriteLine($"re-sent {migration.Status.Resent} of {migration.Status.Sent}, blackout {migration.Status.BlackoutMs:0.0} ms");
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        await Cluster.ReadyAsync();
    }
}
