using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Application.Store;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hosting;
using Coordinator.Server.Hub;
using Coordinator.Server.Streaming;

namespace Coordinator.Server.Node;

/// <summary>
/// Starts the coordinator before the doors open and stops it after they are closed. If its loop dies, the process dies: an I/O error at
/// commit is never retried.
/// </summary>
internal sealed class NodeHost(
    CoordinatorNode node, FleetProjection fleet, ChangeFeed changes, LiveSamples samples, NodeMetrics metrics, EvacuationMetrics evacuationMetrics, ClusterMetrics clusterMetrics, IEventStore store,
    IBus bus, Restores restores, Certificates certificates, AgentHub hub, ILogger<NodeHost> log, IHostApplicationLifetime lifetime, PlacementLoop? placement = null, FeedFollower? follower = null) : IHostedService, IDisposable
{
    private static readonly TimeSpan KeysKept = TimeSpan.FromHours(24);
    private static readonly TimeSpan UpkeepEvery = TimeSpan.FromMinutes(10);

    private Timer? _upkeep;
    private IDisposable? _hints;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        fleet.CatchUp();
        // In this order: whoever is woken by the feed must find the row already changed.
        node.Listen(fleet);
        node.Listen(metrics);
        node.Listen(evacuationMetrics);
        clusterMetrics.Begin();
        var waker = new WatchWaker(changes, samples);
        node.Listen(waker);
        fleet.Followed += waker.Happened;
        var retired = new RetiredHosts(hub);
        node.Listen(retired);
        fleet.Followed += retired.Happened;
        node.Start();
        follower?.Start();
        _hints = bus.Subscribe(BusMessage.AllNodes, Hint);
        placement?.Start();
        restores.Start();
        _ = StopWithNodeAsync();
        TellExpiry();
        _upkeep = new Timer(_ => Upkeep(), null, UpkeepEvery, UpkeepEvery);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _upkeep?.Dispose();
        placement?.Dispose();
        follower?.Dispose();
        _hints?.Dispose();
        node.Dispose();
        if (!node.Failed.IsCompleted) Upkeep();
        // Bus and store are the container's to dispose, after everything that was made from them.
        return Task.CompletedTask;
    }

    public void Dispose() => _upkeep?.Dispose();

    private void Hint(BusMessage message)
    {
        if (message.Body is HostLinkStands linked) node.HostLinked(linked.Host);
    }

    private async Task StopWithNodeAsync()
    {
        await node.Failed;
        Environment.ExitCode = ExitCodes.Broken;
        lifetime.StopApplication();
    }

    private void TellExpiry()
    {
        if (certificates.EndsSoon is { } until) log.LogWarning("this node's certificate ends at {Until:u}: lm certs renew; it is taken up without a restart", until);
    }

    // Both only save time or room: a failure is the store's to report when something matters.
    private void Upkeep()
    {
        try
        {
            fleet.Save();
            store.PruneIdempotent(store.Now() - KeysKept);
            TellExpiry();
        }
        catch (Exception e) when (e is StoreUnavailableException or ObjectDisposedException)
        {
            // Tried again in ten minutes.
        }
    }
}
