using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Application.Store;
using Npgsql;

namespace Contract.Tests.Postgres;

/// <summary>What a server can do to a store: refuse, fill up, be replaced by an old copy of itself. Each is told by its name, and nothing is lost.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresServerTests(SharedServer server)
{
    private readonly PostgresDatabase _database = new(server, alone: true);

    [ServerFact]
    public void Given_a_read_only_database_When_appended_Then_it_is_told_nothing_is_written_and_later_it_goes_on()
    {
        using var store = new PostgresStore(_database.Options);
        var node = Node.Owning(store, "node-a", 1);
        var batch = node.Draft().Event(1, "vm-a").Build();
        MakeReadOnly(true);

        Assert.IsType<AppendOutcome.Unknown>(store.Append(batch)); // the server cut the line when it changed
        Told<StoreUnavailableException>(() => store.Append(batch), "is read-only");
        Told<StoreUnavailableException>(() => store.TakeOver([1], "node-a"), "is read-only");

        MakeReadOnly(false);
        Assert.IsType<AppendOutcome.Committed>(AppendUntilItWorks(node, batch));
        Assert.Single(store.ReadStream("vm-a", 0));
    }

    [ServerFact]
    public void Given_a_full_disk_When_appended_Then_it_is_told_and_nothing_of_the_batch_is_there()
    {
        using var store = new PostgresStore(_database.Options);
        var node = Node.Owning(store, "node-a", 1);
        _database.Run("""
            create function full_disk() returns trigger language plpgsql as $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$;
            create trigger full_disk before insert on event for each row execute function full_disk();
            """);
        var batch = node.Draft().Event(1, "vm-a").Key("alice", "k").Build();

        Told<StoreUnavailableException>(() => store.Append(batch), "has no space left");

        Assert.Null(store.Load("vm-a"));
        Assert.Null(store.FindIdempotent("alice", "k"));
        _database.Run("drop trigger full_disk on event");
        Assert.IsType<AppendOutcome.Committed>(node.Append(batch));
    }

    [ServerFact]
    public void Given_a_lock_that_somebody_forgot_When_appended_Then_it_gives_up_in_words_and_nothing_is_written()
    {
        using var store = new PostgresStore(_database.Options with { ConnectionString = _database.ConnectionString + ";Options=-c lock_timeout=100ms" });
        var node = Node.Owning(store, "node-a", 1);
        var batch = node.Draft().Event(1, "vm-a").Build();
        using (var other = new NpgsqlConnection(_database.ConnectionString + ";Pooling=false;Search Path=coordinator"))
        {
            other.Open();
            using var transaction = other.BeginTransaction();
            using (var hold = new NpgsqlCommand("select from feed for update", other, transaction)) hold.ExecuteNonQuery();
            Told<StoreUnavailableException>(() => store.Append(batch), "is locked by another session");
        }

        Assert.IsType<AppendOutcome.Committed>(node.Append(batch));
    }

    [ServerFact]
    public void Given_an_old_copy_put_in_the_databases_place_When_used_again_Then_it_is_refused_until_the_newer_one_is_back()
    {
        using var store = new PostgresStore(_database.Options);
        var node = Node.Owning(store, "node-a", 1);
        node.Write(1, "vm-a", "in both");
        var name = new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database!;
        Replace($"create database {name}_old template {name}", name);
        AppendUntilItWorks(node, node.Draft().Event(1, "vm-a", "only in the newer").Build());
        Replace($"alter database {name} rename to {name}_newer; alter database {name}_old rename to {name}", name);

        Refused("has gone backwards: it ends at event 1, this process has seen event 2");
        Refused("bring the newer one back");

        Replace($"alter database {name} rename to {name}_old; alter database {name}_newer rename to {name}", name);
        AppendUntilItWorks(node, node.Draft().Event(1, "vm-a", "goes on").Build());
        Assert.Equal([1, 2, 3], store.ReadStream("vm-a", 0).Select(e => e.Version));

        void Refused(string words)
        {
            Told<StoreUnavailableException>(() => UntilOpenedAnew(() => store.TakeOver([1], "node-a")), words);
            Told<StoreUnavailableException>(() => UntilOpenedAnew(() => store.Load("vm-a")), words);
        }
    }

    [ServerFact]
    public void Given_many_nodes_that_commit_at_once_When_the_feed_is_followed_Then_positions_have_no_gap_and_nothing_comes_in_late()
    {
        const int nodes = 4;
        const int batches = 100;
        var writers = Enumerable.Range(0, nodes).Select(n => new Thread(() =>
        {
            using var store = new PostgresStore(_database.Options);
            var node = Node.Owning(store, $"node-{n}", n);
            for (var i = 0; i < batches; i++) node.Append(node.Draft().Event(n, $"vm-{n}").Event(n, $"vm-{n}-{i}").Build());
        })).ToList();
        foreach (var writer in writers) writer.Start();

        using var reader = new PostgresStore(_database.Options);
        var (position, seen) = (StorePosition.Start, new List<StoredEvent>());
        while (seen.Count < nodes * batches * 2)
        {
            var page = reader.ReadAll(position, 100);
            seen.AddRange(page);
            if (page.Count > 0) position = page[^1].Position;
        }

        foreach (var writer in writers) writer.Join();
        Assert.Equal(Enumerable.Range(1, seen.Count).Select(n => $"{n}"), seen.Select(e => e.Position.Value));
        foreach (var shard in seen.GroupBy(e => e.Shard)) Assert.Equal(Enumerable.Range(1, batches * 2).Select(n => (long)n), shard.Select(e => e.Seq));
    }

    [ServerFact]
    public void Given_events_in_use_When_a_person_changes_or_deletes_one_Then_the_database_refuses_and_the_history_is_text()
    {
        using var store = new PostgresStore(_database.Options);
        Node.Owning(store, "node-a", 1).Write(1, "vm-a", "Zoë");

        foreach (var sql in new[] { "update event set body = '{}'", "delete from event", "truncate event" })
        {
            Assert.Equal("LM004", Assert.Throws<PostgresException>(() => _database.Run(sql)).SqlState);
        }

        Assert.Equal("2026-03-04 12:00:00.123456Z Zoë", _database.Ask<string>(
            "select to_char(at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US\"Z\"') || ' ' || (body::json ->> 'text') from history where stream = 'vm-a'"));
    }

    private static void Told<T>(Action act, string words) where T : Exception
    {
        var told = Assert.Throws<T>(act);
        Assert.Contains(words, told.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', told.Message);
    }

    // A connection that was open before notices at its next use that it was cut.
    private static void UntilOpenedAnew(Action act)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                act();
                return;
            }
            catch (StoreUnavailableException e) when (tries < 10 && e.Message.Contains("the connection to", StringComparison.Ordinal))
            {
                // The next one is new.
            }
        }
    }

    private static AppendOutcome AppendUntilItWorks(Node node, AppendBatch batch)
    {
        while (true)
        {
            var outcome = node.Append(batch);
            if (outcome is not AppendOutcome.Unknown) return outcome;
            UntilOpenedAnew(() => node.TakeOver(1));
            batch = batch with { Leases = [node.Leases[1]] };
        }
    }

    private void MakeReadOnly(bool readOnly)
    {
        var name = new NpgsqlConnectionStringBuilder(_database.ConnectionString).Database!;
        Replace($"alter database {name} set default_transaction_read_only = {(readOnly ? "on" : "off")}", name);
    }

    // With every connection to it cut, which is what replacing a server does.
    private void Replace(string sql, string name)
    {
        server.Run($"select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname in ('{name}', '{name}_old', '{name}_newer')");
        foreach (var statement in sql.Split("; ")) server.Run(statement);
    }
}
