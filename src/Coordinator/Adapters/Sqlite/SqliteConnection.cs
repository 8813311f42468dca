using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>One connection without SQLite's own mutex: its owner sees to it that one thread at a time uses it.</summary>
internal sealed class SqliteConnection : IDisposable
{
    private readonly List<Statement> _statements = [];

    private SqliteConnection(sqlite3 handle) => Handle = handle;

    public sqlite3 Handle { get; }

    /// <exception cref="SqliteFailure">Cannot be opened.</exception>
    public static SqliteConnection Open(string path, string? vfs, TimeSpan busyTimeout)
    {
        const int flags = raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE | raw.SQLITE_OPEN_NOMUTEX;
        var code = raw.sqlite3_open_v2(path, out var handle, flags, vfs!);
        if (code != raw.SQLITE_OK)
        {
            var message = handle is null ? raw.sqlite3_errstr(code).utf8_to_string() : raw.sqlite3_errmsg(handle).utf8_to_string();
            handle?.Dispose();
            throw new SqliteFailure(code, message);
        }

        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, (int)busyTimeout.TotalMilliseconds);
        return new SqliteConnection(handle);
    }

    /// <summary>A statement that lives as long as the connection.</summary>
    public Statement Prepare(string sql)
    {
        const uint keptForLong = 0x01; // SQLITE_PREPARE_PERSISTENT
        Check(raw.sqlite3_prepare_v3(Handle, sql, keptForLong, out var statement));
        var prepared = new Statement(this, statement);
        _statements.Add(prepared);
        return prepared;
    }

    /// <summary>Runs one or more statements and drops what they return.</summary>
    public void Execute(string sql) => Check(raw.sqlite3_exec(Handle, sql));

    /// <summary>First column of the first row, or null.</summary>
    public string? Scalar(string sql)
    {
        Check(raw.sqlite3_prepare_v2(Handle, sql, out var handle));
        using var statement = new Statement(this, handle);
        return statement.Step() ? statement.Text(0) : null;
    }

    /// <summary>Leaves whatever an error interrupted: no statement stands on a row, no transaction is open.</summary>
    /// <exception cref="SqliteFailure">The transaction cannot be rolled back.</exception>
    public void Abandon()
    {
        foreach (var statement in _statements) statement.Reset();
        if (raw.sqlite3_get_autocommit(Handle) == 0) Execute("rollback");
    }

    public int Changes => raw.sqlite3_changes(Handle);

    public long LastRowId => raw.sqlite3_last_insert_rowid(Handle);

    public SqliteFailure Failure(int code) => new(
        raw.sqlite3_extended_errcode(Handle) is var extended && (extended & 0xff) == (code & 0xff) ? extended : code,
        raw.sqlite3_errmsg(Handle).utf8_to_string());

    public void Check(int code)
    {
        if (code != raw.SQLITE_OK) throw Failure(code);
    }

    public void Dispose()
    {
        foreach (var statement in _statements) statement.Dispose();
        _statements.Clear();
        Handle.Dispose();
    }
}
