using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Api;

/// <summary>What the endpoints need to know of the coordinators together. Each node answers for all of them.</summary>
public interface IClusterPlane
{
    ClusterResource Cluster();

    /// <summary>By name.</summary>
    /// <exception cref="RefusedException">The store cannot be reached (503).</exception>
    IReadOnlyList<NodeResource> Nodes();

    /// <summary>In order, after the shard of that number.</summary>
    /// <exception cref="RefusedException">The store cannot be reached (503).</exception>
    IReadOnlyList<ShardResource> Shards(int after, int limit);

    /// <summary>Wishes for a node with or without shards.</summary>
    /// <exception cref="RefusedException">Unknown, the last one, a stale etag, or the store cannot be reached.</exception>
    NodeResource Wish(string node, bool drained, string? reason, Call call);
}
