using System.Data;
using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Application.Cluster;
using Coordinator.Application.Store;

namespace Contract.Tests.Postgres;

/// <summary>Who lives and who decides for what, as the database shows it.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresMembershipTests(SharedServer server) : IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    [ServerFact]
    public void Given_two_nodes_that_beat_When_one_is_gone_Then_it_is_dead_at_once_nobody_writes_to_it_and_it_is_shown_for_a_day()
    {
        using var a = At("node-a");
        using var b = At("node-b");
        a.Beat();
        Assert.Equal(["node-a", "node-b"], b.Beat().Live.Order());

        a.Dispose(); // as the kernel does when a process is killed

        Assert.Equal(["node-b"], Until(b, view => view.Live.Count == 1).Live);
        Assert.Equal(["node-a"], b.Beat().Dead);
        _database.Run("insert into bus_subscription values('shard.1', 'node-a'); insert into bus_message(node, address, body) values('node-a', 'shard.1', '{}')");
        b.Forget("node-a");
        Assert.Equal(0L, _database.Ask<long>("select (select count(*) from bus_subscription) + (select count(*) from bus_message)"));
        Assert.Equal(["node-a"], b.Beat().Dead);
        _database.Run("update node set seen = seen - interval '25 hours' where name = 'node-a'");
        b.Beat();
        Assert.Empty(b.Beat().Dead);
    }

    [ServerFact]
    public void Given_a_line_that_broke_while_nobody_used_it_When_it_is_used_again_Then_another_one_is_made()
    {
        using var line = new ClusterConnection(_database.Options, _ => { });
        var first = line.Use(connection => connection);
        _database.Run("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()");
        Assert.True(SpinWait.SpinUntil(() => first.FullState.HasFlag(ConnectionState.Broken), TimeSpan.FromMinutes(1)), "the driver never noticed");

        Assert.NotSame(first, line.Use(connection => connection));
        Assert.Equal(ConnectionState.Open, line.Use(connection => connection.State));
    }

    [ServerFact]
    public void Given_a_node_that_leaves_When_others_look_Then_it_is_not_there_any_more()
    {
        using var a = At("node-a");
        using var b = At("node-b");
        a.Beat();
        a.Leave();
        a.Dispose();

        var view = b.Beat();
        Assert.Equal(["node-b"], view.Live);
        Assert.Empty(view.Dead);
    }

    [ServerFact]
    public void Given_a_node_that_stands_still_with_its_line_open_When_it_was_silent_for_long_Then_it_is_dead_and_lives_again_with_its_next_beat()
    {
        using var a = At("node-a");
        using var b = At("node-b");
        a.Beat();
        b.Beat();

        _database.Run("update node set seen = seen - interval '10 s' where name = 'node-a'");

        Assert.Equal(["node-a"], b.Beat().Dead);
        Assert.Equal(["node-a", "node-b"], a.Beat().Live.Order());
    }

    [ServerFact]
    public void Given_a_node_that_lives_When_another_process_takes_its_name_Then_that_one_is_refused_in_words()
    {
        using var a = At("node-a");
        a.Beat();
        using var impostor = new PostgresMembership(_database.Options, "node-a", namePatience: TimeSpan.Zero);

        Assert.Contains("another coordinator named node-a lives on this database", Assert.Throws<StoreConfigurationException>(() => impostor.Beat()).Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public void Given_shards_of_a_node_When_it_gives_some_up_Then_they_have_no_owner_and_those_taken_meanwhile_keep_theirs()
    {
        using var store = new PostgresStore(_database.Options);
        using var a = At("node-a");
        var leases = store.TakeOver([1, 2, 3], "node-a");
        store.TakeOver([3], "node-b");

        a.Release([leases[0], leases[2]]);

        Assert.Equal(["", "node-a", "node-b"], a.Beat().Owners.Skip(1).Take(3));
        Assert.IsType<AppendOutcome.Fenced>(store.Append(new AppendBatch([leases[0]], [], [], [])));
    }

    [ServerFact]
    public void Given_a_node_that_takes_over_from_itself_When_another_has_taken_a_shard_Then_only_the_rest_comes_and_the_other_goes_on()
    {
        using var store = new PostgresStore(_database.Options);
        var held = store.TakeOver([1, 2], "node-a");
        var other = Node.Owning(store, "node-b", 2);

        var again = store.TakeOverAgain([.. held.Select(l => (l.Shard, l.Term))], "node-a");

        Assert.Equal([new ShardLease(1, held[0].Term.Next, "node-a", 0)], again);
        other.Write(2, "vm-a");
    }

    private PostgresMembership At(string node) => new(_database.Options, node);

    private static ClusterView Until(PostgresMembership membership, Func<ClusterView, bool> holds)
    {
        for (var tries = 0; ; tries++)
        {
            var view = membership.Beat();
            if (holds(view)) return view;
            Assert.True(tries < 1_000, $"still {string.Join(", ", view.Live)}");
            Thread.Sleep(5);
        }
    }
}
