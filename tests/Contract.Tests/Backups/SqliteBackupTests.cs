using Contract.Tests.Sqlite;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;

namespace Contract.Tests.Backups;

/// <summary>Backups of the embedded store.</summary>
public sealed class SqliteBackupTests : BackupContract
{
    private readonly SqliteFile _file;

    public SqliteBackupTests() : this(new SqliteFile())
    {
    }

    private SqliteBackupTests(SqliteFile file) : base(file) => _file = file;

    protected override IEnumerable<BackupLine> Read() => SqliteBackup.Read(_file.Options.Path, Noon, "test");
}
