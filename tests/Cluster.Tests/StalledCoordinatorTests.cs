using Cluster.Tests.Given;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>The blackout contains no coordinator round trip: one that stands still once the grant is with the source is not missed.</summary>
public sealed class StalledCoordinatorTests(TwoHosts hosts, ITestOutputHelper output) : IClassFixture<TwoHosts>
{
    [Fact]
    public async Task With_the_coordinator_stopped_once_the_source_has_the_grant_the_guest_comes_to_run_at_the_destination()
    {
        var cluster = hosts.Cluster;
        var move = await Move.OfNativeGuestAsync(cluster);
        cluster.Kill("coordinator");
        // The first word of the source that it has the grant, said before its guest stops. "after-send" would be too early: what was sent
        // may still wait in this process, which then stands still with it.
        cluster.StartCoordinator("before-commit:IntentSeen=stop");
        await cluster.ReadyAsync();

        await move.BeginAsync();
        await cluster.StoppedAsync("coordinator");
        cluster.Witness.Await(move.Vm, move.Destination);
        // It runs there, and nobody has woken the coordinator meanwhile.
        await cluster.StoppedAsync("coordinator");

        cluster.Continue("coordinator");
        var migration = await move.SettledAsync();
        output.WriteLine($"blackout {migration.Status.BlackoutMs:0.0} ms with the coordinator stopped, {cluster.Witness.Judge(move.Vm)}");
        Assert.Equal("Completed", migration.Status.Outcome);
    }
}
