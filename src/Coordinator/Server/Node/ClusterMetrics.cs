using System.Diagnostics.Metrics;
using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Application.Node;

namespace Coordinator.Server.Node;

/// <summary>How this node stands among the others. Read from what it knows anyway: a scrape asks no database.</summary>
/// <param name="placement">Null for a node that has its store for itself.</param>
/// <param name="follower">The same.</param>
internal sealed class ClusterMetrics(CoordinatorNode node, IBus bus, PlacementLoop? placement, FeedFollower? follower, Meter meter) : IDisposable
{
    private readonly Meter _meter = meter;

    /// <summary>Before the node starts: what it takes then is counted.</summary>
    public void Begin()
    {
        var taken = _meter.CreateCounter<long>("lm_shard_takeovers_total", description: "Shards this process has taken over.");
        var took = _meter.CreateHistogram("lm_shard_rebalance_seconds", "s", "From having shards until they can be decided for: reading what is open in them.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10] });
        node.Statistics.TakeoverMeasured += (shards, time) =>
        {
            taken.Add(shards);
            took.Record(time.TotalSeconds);
        };
        _meter.CreateObservableCounter("lm_appends_fenced_total", () => node.Statistics.Fenced, description: "Appends refused because another node had taken a shard.");
        _meter.CreateObservableCounter("lm_appends_unknown_total", () => node.Statistics.Unknown, description: "Appends whose fate had to be found out.");
        _meter.CreateObservableGauge("lm_streams_stopped", () => node.Statistics.Stopped, description: "Open streams with events that only a newer version knows: nothing is decided for them.");
        _meter.CreateObservableGauge("lm_store_usable", () => node.StoreTrouble is null && !node.Failed.IsCompleted ? 1 : 0, description: "0 while the store cannot be used: nothing is decided.");
        _meter.CreateObservableGauge("lm_bus_outbox_messages", () => bus.Waiting, description: "Messages that wait to leave for other nodes.");
        _meter.CreateObservableCounter("lm_bus_lost_messages_total", () => bus.Lost, description: "Messages for other nodes that were refused or not sent; they are said again.");
        _meter.CreateObservableCounter("lm_bus_unread_messages_total", () => bus.Unread, description: "Messages of a kind that this version does not know.");
        if (follower is not null) _meter.CreateObservableGauge("lm_feed_lag_seconds", () => follower.Lag.TotalSeconds, "s", "How old what this node shows of the others may be.");
        if (placement is null) return;
        _meter.CreateObservableGauge("lm_nodes", Nodes, description: "Coordinators as this one sees them, by state.");
        _meter.CreateObservableGauge("lm_shards_without_owner", Free, description: "Shards that no living coordinator has, as this one sees it.");
    }

    public void Dispose() => _meter.Dispose();

    private IEnumerable<Measurement<int>> Nodes()
    {
        if (placement!.View is not { } view) return [];
        var draining = view.Live.Count(view.Draining.Contains);
        return [In("live", view.Live.Count - draining), In("draining", draining), In("dead", view.Dead.Count)];

        static Measurement<int> In(string state, int count) => new(count, new KeyValuePair<string, object?>("state", state));
    }

    private IEnumerable<Measurement<int>> Free() => placement!.View is { } view ? [new(view.Owners.Count(owner => !view.Live.Contains(owner)))] : [];
}
