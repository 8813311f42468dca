using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Application.Store;

namespace Contract.Tests.Postgres;

/// <summary>The line to the server is cut around a commit: what became of it is found out, and nothing is there twice.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresConnectionTests : IDisposable
{
    private readonly PostgresDatabase _database;
    private readonly CuttingProxy _proxy;
    private readonly PostgresStore _store;

    public PostgresConnectionTests(SharedServer server)
    {
        _database = new PostgresDatabase(server);
        _proxy = new CuttingProxy(server.Port);
        _store = new PostgresStore(_database.Options with { ConnectionString = _database.ConnectionString.Replace($"Port={server.Port}", $"Port={_proxy.Port}", StringComparison.Ordinal) });
    }

    public void Dispose()
    {
        _store.Dispose();
        _proxy.Dispose();
        _database.Dispose();
    }

    [ServerFact]
    public void Given_a_line_cut_before_the_server_heard_When_the_shard_is_taken_over_from_oneself_Then_nothing_was_written_and_it_is_written_once()
    {
        var node = Node.Owning(_store, "node-a", 1);
        node.Write(1, "vm-a", "one");
        var batch = node.Draft().Event(1, "vm-a", "two").Key("alice", "k").Build();
        _proxy.CutBeforeTheServerHears();

        Assert.IsType<AppendOutcome.Unknown>(node.Append(batch));
        node.TakeOver(1);

        Assert.Equal((1, 1), (node.VersionOf("vm-a"), _proxy.Cuts));
        Assert.Null(_store.FindIdempotent("alice", "k"));
        node.Append(node.Draft().Event(1, "vm-a", "two").Key("alice", "k").Build());
        Assert.Equal([1, 2], _store.ReadStream("vm-a", 0).Select(e => e.Version));
    }

    [ServerFact]
    public void Given_a_line_cut_after_the_commit_When_the_shard_is_taken_over_from_oneself_Then_it_was_written_once_and_the_old_lease_is_fenced()
    {
        var node = Node.Owning(_store, "node-a", 1);
        node.Write(1, "vm-a", "one");
        var batch = node.Draft().Event(1, "vm-a", "two").Key("alice", "k", answer: "vm-a").Build();
        _proxy.CutBeforeTheAnswerIsHeard();

        Assert.IsType<AppendOutcome.Unknown>(node.Append(batch));
        node.TakeOver(1);

        Assert.Equal((2, 1), (node.VersionOf("vm-a"), _proxy.Cuts));
        Assert.Equal("vm-a", _store.FindIdempotent("alice", "k")!.Answer);
        Assert.IsType<AppendOutcome.Fenced>(_store.Append(batch));
        node.Write(1, "vm-a", "three");
        Assert.Equal([1, 2, 3], _store.ReadStream("vm-a", 0).Select(e => e.Version));
    }

    [ServerFact]
    public void Given_a_line_cut_at_each_of_many_commits_When_the_writer_finds_out_each_time_Then_every_event_is_there_once()
    {
        const int commits = 60;
        var node = Node.Owning(_store, "node-a", 1);
        var unknown = 0;
        for (var n = 1; n <= commits; n++)
        {
            while (node.VersionOf("vm-a") < n)
            {
                if (n % 3 == 1) _proxy.CutBeforeTheServerHears();
                if (n % 3 == 2) _proxy.CutBeforeTheAnswerIsHeard();
                if (node.Append(node.Draft().Event(1, "vm-a", $"event {n}").Build()) is AppendOutcome.Committed) continue;
                unknown++;
                TakeOverUntilItWorks(node);
                if (n % 3 == 1) node.Write(1, "vm-a", $"event {n}");
            }
        }

        Assert.Equal(Enumerable.Range(1, commits).Select(n => Node.Json($"event {n}")), _store.ReadStream("vm-a", 0).Select(e => e.Body.ToArray()));
        Assert.Equal(commits * 2 / 3, unknown);
    }

    [ServerFact]
    public void Given_a_line_cut_while_taking_over_When_repeated_Then_the_term_is_higher_and_the_shard_is_owned()
    {
        var node = Node.Owning(_store, "node-a", 1);
        _proxy.CutBeforeTheAnswerIsHeard();

        Assert.Throws<StoreUnavailableException>(() => node.TakeOver(1));
        node.TakeOver(1);

        Assert.Equal(3, node.Leases[1].Term.Value);
        node.Write(1, "vm-a");
    }

    [ServerFact]
    public void Given_a_line_cut_while_reading_When_repeated_Then_all_of_it_comes()
    {
        var node = Node.Owning(_store, "node-a", 1);
        node.Write(1, "vm-a");
        _ = _store.Load("vm-a");
        _proxy.CutBeforeTheAnswerIsHeard();

        Assert.Throws<StoreUnavailableException>(() => _store.Load("vm-a"));

        Assert.Equal(1, _store.Load("vm-a")!.Version);
    }

    private static void TakeOverUntilItWorks(Node node)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                node.TakeOver(1);
                return;
            }
            catch (StoreUnavailableException) when (tries < 10)
            {
                // The cut was armed for what this said.
            }
        }
    }
}
