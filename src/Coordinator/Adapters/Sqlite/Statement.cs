using System.Text;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>A prepared statement: parameters count from 1, columns from 0, as in SQLite.</summary>
internal sealed class Statement(SqliteConnection connection, sqlite3_stmt handle) : IDisposable
{
    private const int StackBytesMax = 512;

    public void Bind(int parameter, long value) => connection.Check(raw.sqlite3_bind_int64(handle, parameter, value));

    public void Bind(int parameter, bool value) => connection.Check(raw.sqlite3_bind_int(handle, parameter, value ? 1 : 0));

    public void Bind(int parameter, ReadOnlySpan<char> text)
    {
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = size <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[size];
        BindText(parameter, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    /// <param name="utf8">Stored as text, so that a person can read it.</param>
    public void BindText(int parameter, ReadOnlySpan<byte> utf8) => connection.Check(raw.sqlite3_bind_text(handle, parameter, utf8));

    public void BindBlob(int parameter, ReadOnlySpan<byte> bytes) => connection.Check(raw.sqlite3_bind_blob(handle, parameter, bytes));

    public void BindNull(int parameter) => connection.Check(raw.sqlite3_bind_null(handle, parameter));

    /// <summary>Moves to the next row.</summary>
    /// <returns>False at the end; the statement is then ready to be bound and run again.</returns>
    public bool Step()
    {
        var code = raw.sqlite3_step(handle);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE)
        {
            raw.sqlite3_reset(handle);
            return false;
        }

        var failure = connection.Failure(code);
        raw.sqlite3_reset(handle);
        throw failure;
    }

    /// <summary>Runs a statement that returns nothing.</summary>
    /// <returns>Rows changed.</returns>
    public int Run()
    {
        while (Step())
        {
        }

        return connection.Changes;
    }

    /// <summary>Leaves a query before its last row.</summary>
    public void Reset() => raw.sqlite3_reset(handle);

    public long Long(int column) => raw.sqlite3_column_int64(handle, column);

    public int Int(int column) => raw.sqlite3_column_int(handle, column);

    public bool IsNull(int column) => raw.sqlite3_column_type(handle, column) == raw.SQLITE_NULL;

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Of a text or blob; valid until the next step.</summary>
    public ReadOnlySpan<byte> Bytes(int column) => raw.sqlite3_column_blob(handle, column);

    public void Dispose() => handle.Dispose();
}
