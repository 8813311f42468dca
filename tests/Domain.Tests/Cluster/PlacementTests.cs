using Coordinator.Application.Cluster;
using Coordinator.Shared.Identity;

namespace Domain.Tests.Cluster;

/// <summary>Where shards go as nodes join, leave and die: played with several nodes that each look at the same table.</summary>
public sealed class PlacementTests
{
    private const int Shards = 256;

    private readonly string[] _owners = [.. Enumerable.Repeat("", Shards)];
    private readonly Dictionary<string, HashSet<int>> _nodes = [];
    private readonly HashSet<string> _draining = [];

    [Fact]
    public void A_first_node_takes_everything_at_once()
    {
        Join("a");
        Turn();

        Assert.All(_owners, owner => Assert.Equal("a", owner));
    }

    [Fact]
    public void A_node_that_joins_gets_its_share_a_few_at_a_time_and_nothing_else_moves()
    {
        Join("a", "b");
        Settle();
        var before = _owners.ToArray();
        Join("c");
        for (var turn = 0; turn < 20; turn++)
        {
            var owned = _owners.ToArray();
            Turn();
            Assert.InRange(_owners.Where((owner, shard) => owner != owned[shard] && owned[shard].Length > 0).Count(), 0, 2 * ShardPlacement.ReleasedAtOnce);
        }

        Assert.All(Enumerable.Range(0, Shards).Where(s => _owners[s] != before[s]), s => Assert.Equal("c", _owners[s]));
        Assert.All(_nodes, node => Assert.InRange(node.Value.Count, Shards / 3 / 2, Shards / 3 * 2));
    }

    [Fact]
    public void The_shards_of_a_dead_node_are_taken_in_one_turn_and_those_of_the_living_stay()
    {
        Join("a", "b", "c");
        Settle();
        var before = _owners.ToArray();
        _nodes.Remove("b");

        Turn();

        Assert.DoesNotContain("b", _owners);
        Assert.All(Enumerable.Range(0, Shards).Where(s => before[s] != "b"), s => Assert.Equal(before[s], _owners[s]));
    }

    [Fact]
    public void A_node_that_was_overtaken_drops_what_others_have_and_says_nothing_to_the_store()
    {
        Join("a");
        Settle();
        _owners[7] = "b";

        var moves = ShardPlacement.Plan(View("a"), "a", _nodes["a"]);

        Assert.Equal([7], moves.Drop);
        Assert.Empty(moves.Take);
    }

    [Fact]
    public void A_node_that_was_restarted_under_its_name_takes_what_is_still_its_own()
    {
        Join("a", "b");
        Settle();
        var had = _nodes["a"].ToHashSet();
        _nodes["a"].Clear();

        Turn();

        Assert.Equal(had, _nodes["a"]);
    }

    [Fact]
    public void A_drained_node_gives_its_shards_up_a_few_at_a_time_and_takes_none_until_it_is_undrained()
    {
        Join("a", "b", "c");
        Settle();
        var before = _owners.ToArray();
        _draining.Add("b");
        for (var had = _nodes["b"].Count; had > 0; had = _nodes["b"].Count)
        {
            Turn();
            Assert.InRange(had - _nodes["b"].Count, 1, ShardPlacement.ReleasedAtOnce);
        }

        Settle();
        Assert.DoesNotContain("b", _owners);
        Assert.All(Enumerable.Range(0, Shards).Where(s => before[s] != "b"), s => Assert.Equal(before[s], _owners[s]));

        _draining.Clear();
        Settle();
        Assert.Equal(before, _owners);
    }

    [Fact]
    public void Drained_nodes_decide_rather_than_nobody()
    {
        Join("a", "b");
        Settle();
        _draining.UnionWith(["a", "b"]);
        _nodes.Remove("b");

        Settle();

        Assert.All(_owners, owner => Assert.Equal("a", owner));
    }

    [Fact]
    public void Every_node_computes_the_same_place_whatever_the_order_it_hears_of_the_others() => Assert.All(
        Enumerable.Range(0, Shards), shard => Assert.Equal(ShardPlacement.PreferredOf(shard, ["a", "b", "c"]), ShardPlacement.PreferredOf(shard, ["c", "a", "b"])));

    private void Join(params string[] names)
    {
        foreach (var name in names) _nodes.Add(name, []);
    }

    private void Settle()
    {
        for (var turn = 0; turn < 20; turn++) Turn();
        Assert.DoesNotContain("", _owners);
    }

    // Each node looks, then acts, as its loop does.
    private void Turn()
    {
        foreach (var (name, held) in _nodes)
        {
            var moves = ShardPlacement.Plan(View(name), name, held);
            held.ExceptWith(moves.Drop);
            foreach (var shard in moves.Take)
            {
                _owners[shard] = name;
                held.Add(shard);
            }

            foreach (var shard in moves.Release)
            {
                _owners[shard] = "";
                held.Remove(shard);
            }
        }
    }

    private ClusterView View(string viewer) =>
        new([.. _nodes.Keys], [], [.. _owners], new Dictionary<HostId, string>()) { Live = [.. _nodes.Keys.Append(viewer).Distinct()], Draining = _draining };
}
