using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Application.Cluster;
using Npgsql;

namespace Contract.Tests.Postgres;

/// <summary>What operators see of several coordinators and wish of them, as the database keeps it.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresDirectoryTests : IDisposable
{
    private readonly PostgresDatabase _database;
    private readonly PostgresDirectory _directory;
    private readonly PostgresMembership _a;
    private readonly PostgresMembership _b;

    public PostgresDirectoryTests(SharedServer server)
    {
        _database = new PostgresDatabase(server);
        _directory = new PostgresDirectory(_database.Options);
        (_a, _b) = (new PostgresMembership(_database.Options, "node-a"), new PostgresMembership(_database.Options, "node-b"));
    }

    public void Dispose()
    {
        _directory.Dispose();
        _a.Dispose();
        _b.Dispose();
        _database.Dispose();
    }

    [ServerFact]
    public void Given_two_nodes_When_their_directory_is_read_Then_it_shows_what_they_said_and_what_they_have()
    {
        using var store = new PostgresStore(_database.Options);
        _a.Beat(new NodeFacts { Version = "1.2.3", Http = "http://127.0.0.1:7400", Hosts = 7 });
        _b.Beat();
        Node.Owning(store, "node-a", 3).Write(3, "vm-a");
        Node.Owning(store, "node-c", 4);

        var nodes = _directory.Nodes();
        var shards = _directory.Shards();

        Assert.Equal([("node-a", true, 1, 7), ("node-b", true, 0, 0)], nodes.Select(n => (n.Name, n.Lives, n.Shards, n.Facts.Hosts)));
        Assert.Equal(("1.2.3", "http://127.0.0.1:7400"), (nodes[0].Facts.Version, nodes[0].Facts.Http));
        Assert.InRange(nodes[0].ClockAhead!.Value.Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.Equal(Enumerable.Range(0, StoreUnderTest.ShardCount), shards.Select(s => s.Shard));
        Assert.Equal([("node-a", true, 1L, 1), ("node-c", false, 0L, 0), ("", false, 0L, 0)], shards.Skip(3).Take(3).Select(s => (s.Owner, s.OwnerLives, s.Position, s.OpenStreams)));
        Assert.Equal(1, _directory.Store().Position);
    }

    [ServerFact]
    public void Given_a_node_When_it_is_drained_and_undrained_Then_every_node_sees_it_and_who_wanted_what_when_and_why_is_kept()
    {
        _a.Beat();
        _b.Beat();

        Assert.Null(_directory.Wish(Drain("node-a") with { Reason = "new kernel" }));
        Assert.Null(_directory.Wish(Drain("node-a") with { Actor = "operator/bob" }));

        Assert.Equal(["node-a"], _b.Beat().Draining);
        Assert.Equal(("operator/alice", "new kernel"), _directory.Nodes()[0].Drain is { } drain ? (drain.Actor, drain.Reason) : default);
        Assert.Null(_directory.Wish(Drain("node-a") with { Drained = false }));
        Assert.Empty(_a.Beat().Draining);
        Assert.Equal((null, 2), (_directory.Nodes()[0].Drain, _directory.Nodes()[0].Wishes));
        Assert.Equal("true operator/alice new kernel request-1; false operator/alice  request-1", _database.Ask<string>(
            "select string_agg(drained || ' ' || actor || ' ' || coalesce(reason, '') || ' ' || request, '; ' order by n) from node_wish where at > now() - interval '1 hour'"));
        Assert.Equal("LM004", Assert.Throws<PostgresException>(() => _database.Run("delete from node_wish")).SqlState);
    }

    [ServerFact]
    public void Given_a_drained_node_When_it_stops_and_comes_back_Then_it_is_still_drained()
    {
        _a.Beat();
        _b.Beat();
        _directory.Wish(Drain("node-a"));
        _a.Leave();
        _a.Dispose();
        Assert.DoesNotContain(_directory.Nodes(), n => n.Name == "node-a");

        using var again = new PostgresMembership(_database.Options, "node-a");

        Assert.Equal(["node-a"], again.Beat().Draining);
        Assert.NotNull(_directory.Nodes()[0].Drain);
    }

    [ServerFact]
    public void Given_one_node_left_that_may_decide_When_it_is_to_be_drained_Then_that_is_refused_also_when_the_other_one_is_dead()
    {
        _a.Beat();
        Assert.Equal("node.last", _directory.Wish(Drain("node-a"))?.Code);
        _b.Beat();
        Assert.Null(_directory.Wish(Drain("node-b")));

        Assert.Equal("node.last", _directory.Wish(Drain("node-a"))?.Code);
        _directory.Wish(Drain("node-b") with { Drained = false });
        _database.Run("update node set seen = seen - interval '10 s' where name = 'node-b'");

        Assert.Equal("node.last", _directory.Wish(Drain("node-a"))?.Code);
    }

    [ServerFact]
    public async Task Given_two_nodes_When_each_is_drained_at_the_same_moment_Then_one_of_the_wishes_is_refused()
    {
        using var other = new PostgresDirectory(_database.Options);
        for (var round = 0; round < 20; round++)
        {
            _a.Beat();
            _b.Beat();
            var codes = (await Task.WhenAll(Task.Run(() => _directory.Wish(Drain("node-a"))), Task.Run(() => other.Wish(Drain("node-b"))))).Select(refusal => refusal?.Code);
            Assert.Equal([null, "node.last"], codes.Order());
            foreach (var node in new[] { "node-a", "node-b" }) Assert.Null(_directory.Wish(Drain(node) with { Drained = false }));
        }
    }

    [ServerFact]
    public void Given_a_wish_under_a_key_When_it_arrives_again_late_Then_it_changes_nothing_and_with_another_body_it_is_refused()
    {
        _a.Beat();
        _b.Beat();
        var drain = Drain("node-a") with { Key = "k", BodyHash = "h" };
        _directory.Wish(drain);
        _directory.Wish(Drain("node-a") with { Drained = false });

        Assert.Null(_directory.Wish(drain));
        Assert.Null(_directory.Nodes()[0].Drain);
        Assert.Equal("idempotency.otherBody", _directory.Wish(drain with { BodyHash = "g" })?.Code);
        Assert.Equal("precondition.stale", _directory.Wish(Drain("node-a") with { IfMatch = 1 })?.Code);
        Assert.Equal("node.unknown", _directory.Wish(Drain("node-z"))?.Code);
    }

    private static NodeWish Drain(string node) => new(node, true, "operator/alice", null, "request-1", null, null, "");
}
