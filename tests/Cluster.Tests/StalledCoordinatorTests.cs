using Cluster.Tests.Given;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>The blackout contains no coordinator round trip: one that stands still once the grant has left is not missed.</summary>
public sealed class StalledCoordinatorTests(TwoHosts hosts, ITestOutputHelper output) : IClassFixture<TwoHosts>
{
    private readonly ClusterUnderTest _cluster = hosts.Cluster;

    [Fact]
    public async Task Stopped_once_the_grant_has_left_the_guest_comes_to_run_at_the_destination()
    {
        var move = await Move.OfNativeGuestAsync(_cluster);
        // The source's agent stands still with the grant in its hand, nothing done with it. A stop of the coordinator where it sends would
        // be too early: what was sent may still wait in that process, which then stands still with it.
        _cluster.Kill(move.Source);
        _cluster.StartAgent(move.Source, "on-input:SwitchOver/source=stop");
        await _cluster.ReadyAsync();
        await move.BeginAsync();
        await _cluster.StoppedAsync(move.Source);
        _cluster.Stop("coordinator");
        await _cluster.StoppedAsync("coordinator");

        _cluster.Continue(move.Source);
        await CompletesWithoutAsync(move);
    }

    [Fact]
    public async Task Stopped_in_the_middle_of_a_commit_it_goes_on_there_when_it_wakes()
    {
        var move = await Move.OfNativeGuestAsync(_cluster);
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator("before-commit:IntentSeen=stop");
        await _cluster.ReadyAsync();
        await move.BeginAsync();
        await _cluster.StoppedAsync("coordinator");

        await CompletesWithoutAsync(move);
    }

    private async Task CompletesWithoutAsync(Move move)
    {
        _cluster.Witness.Await(move.Vm, move.Destination);
        // It runs there, and nobody has woken the coordinator meanwhile.
        await _cluster.StoppedAsync("coordinator");

        _cluster.Continue("coordinator");
        var migration = await move.SettledAsync();
        output.WriteLine($"blackout {migration.Status.BlackoutMs:0.0} ms with the coordinator stopped, {_cluster.Witness.Judge(move.Vm)}");
        Assert.Equal("Completed", migration.Status.Outcome);
    }
}
