using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Cluster;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Npgsql;

namespace Contract.Tests.Postgres;

/// <summary>The schema goes forward and back, by one migrator at a time, and never over events.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class SchemaTests(SharedServer server)
{
    private const int Shards = StoreUnderTest.ShardCount;

    private readonly string _database = server.NewEmptyDatabase();

    private SchemaMigrator Migrator => new(_database, "1.2.3");

    [ServerFact]
    public void Given_an_empty_database_When_migrated_forward_back_and_forward_Then_each_version_is_reached_and_nothing_is_left_over()
    {
        var newest = SchemaMigrator.Newest;
        var targets = Enumerable.Range(0, newest + 1).Concat(Enumerable.Range(0, newest).Reverse()).Append(newest);

        foreach (var target in targets)
        {
            var status = Migrator.Migrate(target, Shards);
            Assert.Equal((target, newest), (status.Version, status.Needed));
            Assert.Equal(Enumerable.Range(1, target), status.Applied.Select(s => s.Version));
            Assert.Equal(status.Applied, Migrator.Status().Applied);
            if (target == 0) Assert.Equal(0L, Left());
        }

        using var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards });
        Node.Owning(store, "node-a", 1).Write(1, "vm-a");
    }

    [ServerFact]
    public void Given_events_When_a_step_back_keeps_them_Then_they_are_there_after_it_and_a_step_to_zero_is_refused()
    {
        Migrator.Migrate(SchemaMigrator.Newest, Shards);
        using (var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards })) Node.Owning(store, "node-a", 1).Write(1, "vm-a", "kept");

        Migrator.Migrate(1, Shards);
        var refusal = Assert.Throws<StoreConfigurationException>(() => Migrator.Migrate(0, Shards));
        var status = Migrator.Migrate(SchemaMigrator.Newest, Shards);

        Assert.Contains("holds 1 events, which going back to version 0 would delete", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(1, status.Events);
        using var again = new PostgresStore(new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards });
        Assert.Equal(Node.Json("kept"), Assert.Single(again.ReadStream("vm-a", 0)).Body.ToArray());
    }

    [ServerFact]
    public async Task Given_several_migrators_at_once_When_they_have_ended_Then_each_step_was_done_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => Migrator.Migrate(SchemaMigrator.Newest, Shards))));

        Assert.All(results, status => Assert.Equal(SchemaMigrator.Newest, status.Version));
        Assert.Equal(SchemaMigrator.Newest, Migrator.Status().Applied.Count);
    }

    [ServerFact]
    public void Given_a_step_that_fails_in_its_middle_When_migrated_Then_nothing_of_it_is_left_and_it_may_be_repeated()
    {
        // The last thing the first step makes stands in the way.
        SharedServer.Run(_database, "create schema coordinator; create function coordinator.append() returns int language sql as 'select 1'; create table coordinator.schema_version(in_the_way int)");

        Assert.ThrowsAny<Exception>(() => Migrator.Migrate(SchemaMigrator.Newest, Shards));
        Assert.False(SharedServer.Ask<bool>(_database, "select to_regclass('coordinator.event') is not null"));

        SharedServer.Run(_database, "drop schema coordinator cascade");
        Assert.Equal(SchemaMigrator.Newest, Migrator.Migrate(SchemaMigrator.Newest, Shards).Version);
    }

    [ServerFact]
    public void Given_a_role_of_its_own_When_a_store_runs_under_it_Then_it_works_and_can_neither_change_nor_delete_an_event()
    {
        server.Run("create role runner login password 'x'");
        Migrator.Migrate(SchemaMigrator.Newest, Shards, grantTo: "runner");
        var runner = _database + ";Username=runner;Password=x";
        using var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = runner, ShardCount = Shards });

        var node = Node.Owning(store, "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-a").Event(1, "vm-a").Snapshot(1, "vm-a", "state").Timer(1, "vm-a", Node.Noon, 1).Key("alice", "k").Build());
        store.SaveProjection("fleet", StorePosition.Start, new byte[] { 1 });
        store.PruneIdempotent(Node.Noon.AddDays(1));

        Assert.Equal(2, store.Load("vm-a")!.Version);
        Assert.Null(store.FindIdempotent("alice", "k"));
        foreach (var sql in new[] { "update event set body = '{}'", "delete from event", "truncate event", "drop trigger event_is_for_ever on event", "delete from stream", "update meta set value = '1'" })
        {
            Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, Assert.Throws<PostgresException>(() => SharedServer.Run(runner, sql)).SqlState);
        }
    }

    [ServerFact]
    public void Given_the_owner_himself_When_he_changes_or_deletes_an_event_Then_only_what_a_closed_stream_says_can_be_taken_out()
    {
        Migrator.Migrate(SchemaMigrator.Newest, Shards);
        using var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards });
        var node = Node.Owning(store, "node-a", 1);
        node.Append(node.Draft().Event(1, "vm-open").Event(1, "vm-done").Close(1, "vm-done").Build());

        foreach (var sql in new[]
        {
            "update event set body = '{}'", "update event set type = 'Archived'", "delete from event", "truncate event",
            "update event set type = 'Archived', ver = 7 where stream = (select id from stream where closed)",
        })
        {
            Assert.Equal("LM004", Assert.Throws<PostgresException>(() => SharedServer.Run(_database, sql)).SqlState);
        }

        SharedServer.Run(_database, "update event set type = 'Archived', body = '{}', meta = '{}' where stream = (select id from stream where closed)");
    }

    [ServerFact]
    public void Given_a_role_that_ran_on_an_older_schema_When_it_is_migrated_Then_the_role_may_use_what_was_added()
    {
        server.Run("create role older login password 'x'");
        Migrator.Migrate(2, Shards, grantTo: "older");
        Migrator.Migrate(SchemaMigrator.Newest, Shards);

        SharedServer.Run(_database + ";Username=older;Password=x", "insert into node_wish(node, drained, actor, body_hash) values('node-a', true, 'operator/alice', '')");
    }

    [ServerFact]
    public void Given_a_newer_schema_When_it_only_added_things_Then_this_program_works_on_it_and_is_refused_once_it_did_more()
    {
        Migrator.Migrate(SchemaMigrator.Newest, Shards);
        SharedServer.Run(_database, $"insert into schema_version(version, name, program) values({SchemaMigrator.Newest + 1}, 'later', '9.9')");

        using (var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards })) Node.Owning(store, "node-a", 1).Write(1, "vm-a");
        SharedServer.Run(_database, $"update meta set value = '{SchemaMigrator.Newest + 1}' where name = 'schema_min'");
        var options = new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards };

        Assert.Contains("this one knows", Assert.Throws<StoreConfigurationException>(() => new PostgresStore(options)).Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public void Given_a_coordinator_that_speaks_older_contracts_When_the_upgrade_is_finished_Then_that_is_refused_until_it_is_gone_and_then_it_cannot_come_back()
    {
        Migrator.Migrate(SchemaMigrator.Newest, Shards);
        Assert.Equal(ContractVersion.Current, Migrator.Status().Contracts);
        SharedServer.Run(_database, "update meta set value = '1.0' where name = 'contracts'"); // as one of an older release
        var newer = new PostgresStoreOptions { ConnectionString = _database, ShardCount = Shards };
        var older = newer with { Contracts = ContractVersion.First };
        using (var node = new PostgresMembership(older, "node-a"))
        {
            node.Beat(new NodeFacts { Version = "0.9" });
            Assert.Contains("node-a (1.0)", Assert.Throws<StoreConfigurationException>(() => Migrator.Finish(ContractVersion.Current)).Message, StringComparison.Ordinal);
            using var store = new PostgresStore(newer);
            Assert.Equal(ContractVersion.First, store.Contracts());
            node.Leave();
        }

        Assert.Equal(ContractVersion.Current, Migrator.Finish(ContractVersion.Current).Contracts);
        Assert.Equal(ContractVersion.Current, Migrator.Finish(ContractVersion.First).Contracts);

        using var after = new PostgresStore(newer);
        Assert.Equal(ContractVersion.Current, after.Contracts());
        Assert.Contains($"may hold events of contracts {ContractVersion.Current}, this program speaks 1.0", Assert.Throws<StoreConfigurationException>(() => new PostgresStore(older)).Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public void Given_a_role_that_does_not_exist_When_granted_to_Then_it_is_named() => Assert.Contains(
        "has no role 'nobody'", Assert.Throws<StoreConfigurationException>(() => Migrator.Migrate(SchemaMigrator.Newest, Shards, grantTo: "nobody")).Message, StringComparison.Ordinal);

    private long Left() => SharedServer.Ask<long>(_database, """
        select (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'coordinator')
             + (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'coordinator')
        """);
}
