using Contract.Tests.Sqlite;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;

namespace Contract.Tests.Backups;

/// <summary>Archives of the embedded store.</summary>
public sealed class SqliteArchiveTests : ArchiveContract
{
    private readonly SqliteFile _file;

    public SqliteArchiveTests() : this(new SqliteFile())
    {
    }

    private SqliteArchiveTests(SqliteFile file) : base(file) => _file = file;

    protected override IEnumerable<BackupLine> Read(DateTimeOffset before, int most) => SqliteArchive.Read(_file.Options.Path, before, most, Noon, "test");

    protected override long Empty(IEnumerable<string> streams, string archive) => SqliteArchive.Empty(_file.Options.Path, streams, archive);

    protected override IEnumerable<BackupLine> Backup() => SqliteBackup.Read(_file.Options.Path, Noon, "test");
}
