using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// Copies the write-ahead log into the database file every so many pages, so that the log is written over from its start instead of growing: the
/// file then has its blocks already, which makes each flush cheaper. SQLite's own automatic checkpoint is off: it hides its errors.
/// </summary>
internal sealed class WalCheckpoint(SqliteConnection connection, int pagesMax)
{
    private const int CacheWrites = 9; // SQLITE_DBSTATUS_CACHE_WRITE: in this mode, pages written to the log

    private int _pages;

    /// <summary>To be called after each commit.</summary>
    public void CountPages()
    {
        raw.sqlite3_db_status(connection.Handle, CacheWrites, out var pages, out _, 1);
        _pages += pages;
    }

    /// <summary>To be called between transactions: its cost falls on the next one, its error comes before anything is written.</summary>
    public void IfDue()
    {
        if (_pages < pagesMax) return;
        var code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out _, out _);
        if (code == raw.SQLITE_BUSY) return; // another process is at it
        connection.Check(code);
        _pages = 0;
    }
}
