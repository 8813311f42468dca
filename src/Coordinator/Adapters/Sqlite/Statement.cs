using System.Runtime.InteropServices;
using System.Text;
using SQLitePCL;

namespace Coordinator.Adapters.Sqlite;

/// <summary>A prepared statement: parameters count from 1, columns from 0, as in SQLite.</summary>
internal sealed class Statement(SqliteConnection connection, sqlite3_stmt owner) : IDisposable
{
    private const int StackBytesMax = 512;
    private static readonly byte[] SomeByte = [0];
    private readonly nint _handle = owner.DangerousGetHandle();

    public void Bind(int parameter, long value) => connection.Check(HotCalls.BindLong(_handle, parameter, value));

    public void Bind(int parameter, bool value) => connection.Check(HotCalls.BindLong(_handle, parameter, value ? 1 : 0));

    public void Bind(int parameter, ReadOnlySpan<char> text)
    {
        var size = Encoding.UTF8.GetMaxByteCount(text.Length);
        var bytes = size <= StackBytesMax ? stackalloc byte[StackBytesMax] : new byte[size];
        BindText(parameter, bytes[..Encoding.UTF8.GetBytes(text, bytes)]);
    }

    /// <param name="utf8">Stored as text, so that a person can read it.</param>
    public void BindText(int parameter, ReadOnlySpan<byte> utf8) =>
        connection.Check(HotCalls.BindText(_handle, parameter, in First(utf8), utf8.Length, HotCalls.Transient));

    public void BindBlob(int parameter, ReadOnlySpan<byte> bytes) =>
        connection.Check(HotCalls.BindBlob(_handle, parameter, in First(bytes), bytes.Length, HotCalls.Transient));

    public void BindNull(int parameter) => connection.Check(HotCalls.BindNull(_handle, parameter));

    /// <summary>Moves to the next row.</summary>
    /// <returns>False at the end; the statement is then ready to be bound and run again.</returns>
    public bool Step()
    {
        var code = HotCalls.Step(_handle);
        if (code == raw.SQLITE_ROW) return true;
        if (code == raw.SQLITE_DONE)
        {
            _ = HotCalls.Reset(_handle);
            return false;
        }

        var failure = connection.Failure(code);
        _ = HotCalls.Reset(_handle); // tells again what the step has told
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
    public void Reset() => _ = HotCalls.Reset(_handle);

    public long Long(int column) => HotCalls.ColumnLong(_handle, column);

    public int Int(int column) => (int)HotCalls.ColumnLong(_handle, column);

    /// <exception cref="SqliteFailure">No time that was ever written: damage.</exception>
    public DateTimeOffset Time(int column)
    {
        try
        {
            return StoredTime.FromTicks(Long(column));
        }
        catch (ArgumentOutOfRangeException)
        {
            throw new SqliteFailure(raw.SQLITE_CORRUPT, $"{Long(column)} is no time");
        }
    }

    public bool IsNull(int column) => HotCalls.ColumnType(_handle, column) == raw.SQLITE_NULL;

    public string Text(int column) => Encoding.UTF8.GetString(Bytes(column));

    /// <summary>Of a text or blob; valid until the next step.</summary>
    public unsafe ReadOnlySpan<byte> Bytes(int column)
    {
        var start = HotCalls.ColumnBytes(_handle, column); // before the length, which it may change
        return new ReadOnlySpan<byte>((void*)start, HotCalls.ColumnLength(_handle, column));
    }

    public void Dispose() => owner.Dispose();

    /// <summary>SQLite takes a null pointer for SQL's null, so what is empty must point somewhere.</summary>
    private static ref readonly byte First(ReadOnlySpan<byte> bytes) => ref bytes.IsEmpty ? ref SomeByte[0] : ref MemoryMarshal.GetReference(bytes);
}
