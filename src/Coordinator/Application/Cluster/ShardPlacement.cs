using Coordinator.Shared.Identity;

namespace Coordinator.Application.Cluster;

/// <summary>What one node should do about its shards now.</summary>
/// <param name="Take">Nobody who lives has them, and this node is the one to have them.</param>
/// <param name="Release">Another node should have them: given up a few at a time.</param>
/// <param name="Drop">Another node has taken them.</param>
public sealed record ShardMoves(IReadOnlyList<int> Take, IReadOnlyList<int> Release, IReadOnlyList<int> Drop);

/// <summary>
/// Where shards should be: each node computes the same from the same view (highest hash of node and shard wins), so that a node that joins or
/// leaves moves only what it must. Nodes that see different views for a moment are sorted out by the terms.
/// </summary>
public static class ShardPlacement
{
    /// <summary>Shards given up at once at the most: the others of the node go on deciding meanwhile.</summary>
    public const int ReleasedAtOnce = 32;

    /// <param name="held">Shards this node decides for.</param>
    public static ShardMoves Plan(ClusterView view, string node, IReadOnlyCollection<int> held)
    {
        List<int> take = [], release = [], drop = [];
        var live = view.Live.ToHashSet(StringComparer.Ordinal);
        live.Add(node);
        // A drained node is to have none; but rather it decides than nobody.
        var takers = live.Where(n => !view.Draining.Contains(n)).ToList();
        if (takers.Count == 0) takers = [.. live];
        for (var shard = 0; shard < view.Owners.Count; shard++)
        {
            var owner = view.Owners[shard];
            var wanted = PreferredOf(shard, takers);
            if (held.Contains(shard))
            {
                if (owner != node) drop.Add(shard);
                else if (wanted != node && release.Count < ReleasedAtOnce) release.Add(shard);
            }
            else if (owner == node || (wanted == node && !live.Contains(owner)))
            {
                // Also what an earlier life of this node had and another one is to have: that one waits until it is given up.
                take.Add(shard);
            }
        }

        return new ShardMoves(take, release, drop);
    }

    /// <summary>The node that should have a shard, of those that live.</summary>
    public static string PreferredOf(int shard, IEnumerable<string> live) =>
        live.MaxBy(node => (Weight(node, shard), node))!;

    // The name's hash, then a finalizer: names that differ in their last letter must not differ in a few bits only.
    private static ulong Weight(string node, int shard)
    {
        var hash = Shards.Hash(node) + ((ulong)(shard + 1) * 0x9e3779b97f4a7c15UL);
        hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9UL;
        hash = (hash ^ (hash >> 27)) * 0x94d049bb133111ebUL;
        return hash ^ (hash >> 31);
    }
}
