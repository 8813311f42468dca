using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// Copies the write-ahead log into the database file, so that the log is written over from its start instead of growing: its blocks exist then,
/// which makes each flush cheaper. A thread with a connection of its own does nearly all of the work beside the commits. Under constant load it
/// never meets a moment in which everything is copied, which is when SQLite starts the log again; so when the log has become long and little of it
/// is left to copy, the committing thread copies that rest itself. SQLite's own automatic checkpoint is off: it would stop a commit for the
/// whole copy, and it hides its errors.
/// </summary>
internal sealed class WalCheckpoint : IDisposable
{
    private const int CacheWrites = 9; // SQLITE_DBSTATUS_CACHE_WRITE: in this mode, pages written to the log
    private const int LogPagesMax = 16_000;
    private const int RestPagesMax = 1_000;
    private const int RestPagesWanted = 200; // copied between two commits in less than a millisecond
    private const int ChasesMax = 3;

    private readonly SqliteConnection _writer;
    private readonly SqliteConnection? _own;
    private readonly int _pagesMax;
    private readonly AutoResetEvent _due = new(false);
    private readonly Thread? _thread;
    private int _pages;
    private volatile bool _ending;
    private volatile SqliteFailure? _failure;
    private volatile bool _restart;

    /// <param name="writer">The committing connection.</param>
    /// <param name="options">Where to open another, unless the committing thread is to do all of the work.</param>
    public WalCheckpoint(SqliteConnection writer, SqliteStoreOptions options)
    {
        _writer = writer;
        _pagesMax = options.CheckpointPages;
        if (options.CheckpointInline) return;
        _own = OpenAnother(options);
        _thread = new Thread(Work) { IsBackground = true, Name = "checkpoint" };
        _thread.Start();
    }

    /// <summary>To be called after each commit.</summary>
    public void CountPages()
    {
        raw.sqlite3_db_status(_writer.Handle, CacheWrites, out var pages, out _, 1);
        _pages += pages;
        if (_thread is null || _pages < _pagesMax) return;
        _pages = 0;
        _due.Set();
    }

    /// <summary>To be called between transactions: what it costs falls on the next one, its error comes before anything is written.</summary>
    /// <exception cref="SqliteFailure">A copy failed, here or on the thread.</exception>
    public void IfDue()
    {
        if (_failure is { } failure)
        {
            _failure = null;
            throw failure;
        }

        if (_thread is null ? _pages < _pagesMax : !_restart) return;
        _restart = false;
        _pages = 0;
        Copy(_writer);
    }

    public void Dispose()
    {
        _ending = true;
        _due.Set();
        _thread?.Join();
        _own?.Dispose();
        _due.Dispose();
    }

    private static SqliteConnection OpenAnother(SqliteStoreOptions options)
    {
        var connection = SqliteConnection.Open(options.Path, options.Vfs, options.BusyTimeout);
        try
        {
            connection.Execute("select 1 from meta"); // one that has read nothing does not know of the log, and would copy nothing
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Work()
    {
        while (true)
        {
            _due.WaitOne();
            if (_ending) return;
            try
            {
                var (log, copied) = Copy(_own!);
                // Each copy is shorter than the one before, and so is what was committed during it; but a log that never starts again grows, which costs more.
                for (var i = 0; log > LogPagesMax && log - copied > RestPagesWanted && i < ChasesMax; i++) (log, copied) = Copy(_own!);
                _restart = log > LogPagesMax && log - copied < RestPagesMax;
            }
            catch (SqliteFailure failure)
            {
                _failure = failure;
            }
        }
    }

    /// <returns>Pages in the log, and how many of them are copied; zeros if another connection is at it.</returns>
    private static (int Log, int Copied) Copy(SqliteConnection connection)
    {
        var code = raw.sqlite3_wal_checkpoint_v2(connection.Handle, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var log, out var copied);
        if (code == raw.SQLITE_BUSY) return (0, 0);
        connection.Check(code);
        return (log, copied);
    }
}
