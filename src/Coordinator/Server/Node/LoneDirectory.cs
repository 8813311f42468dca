using System.Diagnostics;
using Coordinator.Application.Cluster;
using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Coordinator.Domain;

namespace Coordinator.Server.Node;

/// <summary>The same for a coordinator that has its store for itself: one node, all shards.</summary>
/// <param name="place">Of the store, for people.</param>
internal sealed class LoneDirectory(CoordinatorNode node, IEventStore store, string name, string place, Func<NodeFacts> facts, TimeProvider clock) : IClusterDirectory
{
    public StoreRecord Store()
    {
        var began = Stopwatch.GetTimestamp();
        var now = store.Now();
        return new StoreRecord(place, Stopwatch.GetElapsedTime(began), now, null, null);
    }

    public IReadOnlyList<NodeRecord> Nodes() => [new NodeRecord(name, true, clock.GetUtcNow(), TimeSpan.Zero, facts(), node.OwnedShards.Count, null, 0)];

    public IReadOnlyList<ShardRecord> Shards()
    {
        var asked = node.Ask(machine =>
        {
            var open = machine.OpenStreams.GroupBy(stream => stream.Shard).ToDictionary(shard => shard.Key, shard => shard.Count());
            return machine.Shards.Order().Select(shard => new ShardRecord(shard, name, true, machine.TermOf(shard).Value, machine.SeqOf(shard), open.GetValueOrDefault(shard))).ToList();
        });
        Task.WaitAny(asked, node.Failed);
        return asked.IsCompleted ? asked.Result : throw new StoreUnavailableException("this node has stopped");
    }

    public Refusal? Wish(NodeWish wish) => NodeWishes.Refuse(wish, Nodes());

    public void Dispose()
    {
        // Node and store are the container's.
    }
}
