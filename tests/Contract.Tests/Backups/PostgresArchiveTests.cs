using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Application.Backup;

namespace Contract.Tests.Backups;

/// <summary>Archives of the shared store.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresArchiveTests : ArchiveContract
{
    private readonly PostgresDatabase _database;

    public PostgresArchiveTests(SharedServer server) : this(new PostgresDatabase(server))
    {
    }

    private PostgresArchiveTests(PostgresDatabase database) : base(database) => _database = database;

    protected override IEnumerable<BackupLine> Read(DateTimeOffset before, int most) => PostgresArchive.Read(_database.Options, before, most, Noon, "test");

    protected override long Empty(IEnumerable<string> streams, string archive) => PostgresArchive.Empty(_database.Options, streams, archive);

    protected override IEnumerable<BackupLine> Backup() => PostgresBackup.Read(_database.Options, Noon, "test");
}
