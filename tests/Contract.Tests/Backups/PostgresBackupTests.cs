using Contract.Tests.Postgres.Given;
using Contract.Tests.Sqlite;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Contract.Tests.Backups;

/// <summary>Backups of the shared store, and restores into it.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresBackupTests : BackupContract
{
    private readonly PostgresDatabase _database;
    private readonly SharedServer _server;

    public PostgresBackupTests(SharedServer server) : this(server, new PostgresDatabase(server))
    {
    }

    private PostgresBackupTests(SharedServer server, PostgresDatabase database) : base(database) => (_server, _database) = (server, database);

    protected override IEnumerable<BackupLine> Read() => PostgresBackup.Read(_database.Options, Noon, "test");

    [ServerFact]
    public void Given_an_embedded_store_When_restored_into_a_shared_one_Then_it_is_the_same_and_usable_only_once_finished()
    {
        using var file = new SqliteFile();
        var embedded = file.Open();
        Fill(Node.Owning(embedded, "node-a", 1, 2));
        using var target = new PostgresDatabase(_server, alone: true);

        PostgresImport.Run(target.Options, Through(SqliteBackup.Read(file.Options.Path, Noon, "test")));

        var told = Assert.Throws<StoreConfigurationException>(() => new PostgresStore(target.Options));
        Assert.Contains("restore was not finished", told.Message, StringComparison.Ordinal);
        PostgresImport.Finish(target.Options);
        using var restored = new PostgresStore(target.Options);
        Same(embedded, restored);
        var node = Node.Owning(restored, "node-b", 1, 2);
        node.Write(1, "vm-a");
        Assert.Equal("vm-a@4", restored.ReadAll(StorePosition.Start, 100)[^1].Id);
    }

    [ServerFact]
    public void Given_a_database_with_events_or_half_a_backup_When_restored_Then_it_is_refused_and_nothing_changes()
    {
        using var file = new SqliteFile();
        Fill(Node.Owning(file.Open(), "node-a", 1, 2));
        List<BackupLine> lines = [.. SqliteBackup.Read(file.Options.Path, Noon, "test")];
        using var target = new PostgresDatabase(_server, alone: true);

        Assert.Throws<BackupDamagedException>(() => PostgresImport.Run(target.Options, lines.Where(line => line is not BackupEvent { Version: 3 })));
        Assert.Equal(0, target.Ask<long>("select (select count(*) from event) + (select count(*) from stream) + (select pos from feed)"));

        using (var store = new PostgresStore(target.Options)) Node.Owning(store, "node-a", 1).Write(1, "vm-x");
        var told = Assert.Throws<StoreConfigurationException>(() => PostgresImport.Run(target.Options, lines));
        Assert.Contains("holds 1 events", told.Message, StringComparison.Ordinal);
    }
}
