using Coordinator.Application.Cluster;
using Coordinator.Application.Store;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Node.Views;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node;

/// <summary>The directory's records as resources of the API.</summary>
internal sealed class ClusterPlane(IClusterDirectory directory, ClusterDoctor doctor, CoordinatorOptions options) : IClusterPlane
{
    public ClusterResource Cluster()
    {
        var answer = new ClusterResource(ClusterResource.KindName, "failing", options.Node) { Shards = options.Shards };
        try
        {
            var (store, nodes, shards) = (directory.Store(), directory.Nodes(), directory.Shards());
            var checks = doctor.Examine(store, nodes, shards);
            return answer with
            {
                Status = checks.All(check => check.Ok) ? "ok" : "failing",
                NodesLive = nodes.Count(node => node is { Lives: true, Drain: null }),
                NodesDraining = nodes.Count(node => node is { Lives: true, Drain: not null }),
                NodesDead = nodes.Count(node => !node.Lives),
                ShardsWithoutOwner = shards.Count(shard => !shard.OwnerLives),
                Hosts = nodes.Where(node => node.Lives).Sum(node => node.Facts.Hosts),
                Store = new StoreStatus(store.Place, store.RoundTrip.TotalMilliseconds, store.Position, store.Schema?.Version),
                Checks = checks,
            };
        }
        catch (StoreUnavailableException e)
        {
            return answer with { Checks = [ClusterDoctor.StoreAway(e.Message)] };
        }
    }

    public IReadOnlyList<NodeResource> Nodes() => Read(() => directory.Nodes().Select(NodeView.Of).ToList());

    public IReadOnlyList<ShardResource> Shards(int after, int limit) => Read(() => directory.Shards().Where(shard => shard.Shard > after).Take(limit).Select(NodeView.Of).ToList());

    public NodeResource Wish(string node, bool drained, string? reason, Call call) => Read(() =>
    {
        var wish = new NodeWish(node, drained, call.Actor, reason, call.RequestId, call.IfMatch, call.IdempotencyKey, call.BodyHash);
        if (directory.Wish(wish) is { } refusal) throw new RefusedException(RefusalMap.Of(refusal));
        return NodeView.Of(directory.Nodes().First(n => n.Name == node));
    });

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (StoreUnavailableException e)
        {
            throw new RefusedException(new ApiProblem(503, "store.unavailable", "Service unavailable", e.Message, "try again once the store works") { RetryAfter = TimeSpan.FromSeconds(1) });
        }
    }
}
