using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using Microsoft.Extensions.Logging.Abstractions;

namespace Contract.Tests.Cluster;

/// <summary>How a node takes its seat among others.</summary>
public sealed class PlacementLoopTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("lm-placement-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Given_very_many_shards_that_nobody_has_When_a_node_takes_them_Then_it_beats_again_after_a_few_each_time()
    {
        using var store = new SqliteStore(new SqliteStoreOptions { Path = Path.Combine(_directory, "store.db") });
        using var bus = new InProcessBus();
        var machine = new MachineOptions { Node = "node-a", ShardCount = store.ShardCount, CodeVersion = "test" };
        using var node = new CoordinatorNode(new NodeOptions { Machine = machine, Shared = true }, store, bus, NullLogger.Instance);
        node.Start();
        var membership = new Alone(node, store.ShardCount);
        using (var loop = new PlacementLoop(node, membership, "node-a", () => null!, _ => { }, NullLogger.Instance))
        {
            loop.Start();
            Assert.True(membership.HasAll.Wait(TimeSpan.FromMinutes(1)), $"{node.OwnedShards.Count} of {store.ShardCount} shards were taken");
        }

        Assert.All(membership.Held.Zip(membership.Held.Skip(1)), beat => Assert.InRange(beat.Second - beat.First, 0, PlacementLoop.TakenAtOnce));
    }

    /// <summary>A cluster in which nobody else lives; remembers how many shards the node held at each beat.</summary>
    private sealed class Alone(CoordinatorNode node, int shards) : IClusterMembership
    {
        public List<int> Held { get; } = [];

        public ManualResetEventSlim HasAll { get; } = new();

        public ClusterView Beat(NodeFacts facts)
        {
            Held.Add(node.OwnedShards.Count);
            if (Held[^1] == shards) HasAll.Set();
            return new ClusterView(["node-a"], [], [.. Enumerable.Range(0, shards).Select(shard => node.Owns(shard) ? "node-a" : "")], new Dictionary<HostId, string>());
        }

        public void Release(IReadOnlyList<ShardLease> leases)
        {
        }

        public void Forget(string node)
        {
        }

        public void Leave()
        {
        }

        public void Dispose() => HasAll.Dispose();
    }
}
