using Cli.Api;
using Cluster.Tests.Given;
using Coordinator.Shared.Contracts.Api;
using HostNode.Hypervisors.Fake;

namespace Cluster.Tests;

/// <summary>Watches that are open while the coordinator dies: no event is missed and none is told twice.</summary>
public sealed class WatchTests(TwoHosts hosts) : IClassFixture<TwoHosts>
{
    [Fact]
    public async Task An_open_watch_goes_on_at_the_new_coordinator_where_it_was()
    {
        var cluster = hosts.Cluster;
        cluster.Script(new FakeScript { Rounds = 0, RoundMs = 50 });
        var move = await Move.OfFakeGuestAsync(cluster);
        await move.BeginAsync();
        var heard = new List<WatchItem<MigrationResource>>();
        var killed = false;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var item in Streams.Migration(cluster.Client.Api, move.Id).FollowAsync(patience.Token))
        {
            heard.Add(item);
            if (killed || item is not WatchItem<MigrationResource>.Happened { Event.Type: "PreCopyRoundCompleted" }) continue;
            killed = true;
            cluster.Kill("coordinator");
            cluster.StartCoordinator();
            cluster.Script(new FakeScript());
        }

        Assert.Contains(heard, item => item is WatchItem<MigrationResource>.Broken);
        var events = await cluster.Client.EventsAsync(move.Id);
        Assert.Equal(events.Select(e => e.Id), heard.OfType<WatchItem<MigrationResource>.Happened>().Select(item => item.Event.Id));
        Assert.Equal("Closed", Assert.IsType<WatchItem<MigrationResource>.End>(heard[^1]).Resource.Status.Phase);
        await move.SettledAsync();
    }
}
