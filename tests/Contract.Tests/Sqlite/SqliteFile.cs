using Contract.Tests.Stores;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Store;
using SQLitePCL;

namespace Contract.Tests.Sqlite;

/// <summary>A SQLite database in a directory of its own.</summary>
public sealed class SqliteFile : StoreUnderTest
{
    public SqliteFile() => Folder = Directory.CreateTempSubdirectory("coordinator-store-").FullName;

    private SqliteFile(string folder) => Folder = folder;

    /// <summary>In memory where there is such a file system: for thousands of runs in which the disk itself is not what is tested.</summary>
    public static SqliteFile InMemory()
    {
        const string memory = "/dev/shm";
        if (!Directory.Exists(memory)) return new SqliteFile();
        var folder = Path.Combine(memory, "coordinator-store-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        return new SqliteFile(folder);
    }

    public string Folder { get; }

    public SqliteStoreOptions Options => new() { Path = Path.Combine(Folder, "coordinator.db"), ShardCount = ShardCount };

    public override void DeleteSnapshots() => Run("delete from snapshot");

    /// <summary>Runs SQL from outside, as an operator with a shell would.</summary>
    public void Run(string sql)
    {
        SqliteLibrary.Load();
        Assert.Equal(raw.SQLITE_OK, raw.sqlite3_open_v2(Options.Path, out var connection, raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE, null!));
        using (connection)
        {
            raw.sqlite3_busy_timeout(connection, 5_000);
            Assert.True(raw.sqlite3_exec(connection, sql) == raw.SQLITE_OK, raw.sqlite3_errmsg(connection).utf8_to_string());
        }
    }

    protected override IEventStore Connect() => new SqliteStore(Options);

    protected override void Destroy() => Directory.Delete(Folder, recursive: true);
}
