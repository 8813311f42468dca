using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;

namespace Contract.Tests.Postgres;

/// <summary>What an operator can get wrong: each is refused at start with one line that says what to do, and never shows a password.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresConfigurationTests(SharedServer server) : IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    [ServerFact]
    public void Given_a_server_that_is_not_there_When_opened_Then_it_is_named_and_may_be_tried_again() =>
        Told<StoreUnavailableException>(_database.Options with { ConnectionString = "Host=127.0.0.1;Port=1;Database=fleet;Username=u;Password=hidden" }, "cannot reach PostgreSQL 127.0.0.1:1 database fleet");

    [ServerFact]
    public void Given_a_wrong_password_When_opened_Then_the_password_file_is_named() =>
        Refused(_database.Options with { ConnectionString = _database.ConnectionString + ";Password=hidden" }, "refuses the user or password");

    [ServerFact]
    public void Given_a_database_that_does_not_exist_When_opened_Then_it_is_named() =>
        Refused(_database.Options with { ConnectionString = _database.ConnectionString + ";Database=nowhere" }, "database nowhere does not exist");

    [ServerFact]
    public void Given_words_that_are_no_connection_string_When_opened_Then_an_example_is_shown() =>
        Refused(_database.Options with { ConnectionString = "Hots=db;Password=hidden" }, "write it as Host=…;Database=…;Username=…");

    [ServerFact]
    public void Given_a_database_without_our_tables_When_opened_Then_the_command_that_makes_them_is_named() =>
        Refused(_database.Options with { ConnectionString = server.NewEmptyDatabase() }, "has no tables of the coordinator: run: coordinator schema migrate");

    [ServerFact]
    public void Given_a_newer_schema_When_opened_Then_both_versions_are_named()
    {
        using var newer = new PostgresDatabase(server, alone: true);
        newer.Run("insert into schema_version(version, name, program) values(99, 'from the future', 'x'); update meta set value = '98' where name = 'schema_min'");

        Refused(newer.Options, $"has schema version 99, for programs that know at least 98; this one knows {SchemaMigrator.Newest}: start the version that migrated it");
    }

    [ServerFact]
    public void Given_an_older_schema_When_opened_Then_the_command_that_migrates_is_named()
    {
        using var older = new PostgresDatabase(server, alone: true);
        older.Run($"delete from schema_version where version = {SchemaMigrator.Newest}");

        Refused(older.Options, "run: coordinator schema migrate");
    }

    [ServerFact]
    public void Given_another_shard_count_When_opened_Then_both_counts_are_named() =>
        Refused(_database.Options with { ShardCount = 32 }, "was made with 16 shards, configured are 32");

    [ServerFact]
    public void Given_a_role_without_grants_When_opened_Then_the_command_that_grants_is_named()
    {
        server.Run("create role stranger login password 'x'");

        Refused(_database.Options with { ConnectionString = _database.ConnectionString + ";Username=stranger;Password=x" }, "schema migrate --grant-to ROLE");
    }

    [ServerFact]
    public void Given_a_server_that_is_too_old_When_checked_Then_its_version_is_named() => Assert.Contains(
        "is version 12.4: version 13 or newer is needed",
        Assert.Throws<StoreConfigurationException>(() => PostgresConnections.RequireVersion(12, "12.4", "PostgreSQL db:5432")).Message, StringComparison.Ordinal);

    private static void Refused(PostgresStoreOptions options, string words) => Told<StoreConfigurationException>(options, words);

    private static void Told<T>(PostgresStoreOptions options, string words) where T : Exception
    {
        var refusal = Assert.Throws<T>(() => new PostgresStore(options).Dispose());
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.Message);
        Assert.DoesNotContain("hidden", refusal.ToString(), StringComparison.Ordinal);
    }
}
