using System.Text;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters.Sqlite;

/// <summary>Reads rows of the event table. Replay reads millions of them: names that repeat are kept, body and meta share one array.</summary>
internal sealed class EventRow(long summedAfter)
{
    public const string Columns = "pos, shard, seq, stream, ver, term, type, schema, at, body, meta, sum";

    public const string ScanColumns = "pos, shard, seq, stream, ver, term, type, schema, at, body, sum";

    private const int KeysMax = 16_384;
    private const int TypesMax = 1_024;

    private readonly Dictionary<long, string> _keys = [];
    private readonly Dictionary<string, string>.AlternateLookup<ReadOnlySpan<char>> _types = new Dictionary<string, string>().GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="row">Standing on a row of <see cref="Columns"/>.</param>
    /// <param name="keyOf">Key of a stream's row id, asked when it is not known yet.</param>
    public StoredEvent Read(Statement row, Func<long, string> keyOf)
    {
        var (body, meta) = Texts(row);
        var e = new StoredEvent(
            StoredPosition.Of(row.Long(0)), row.Int(1), row.Long(2), new Term(row.Long(5)), Key(row.Long(3), keyOf), row.Int(4), TypeName(row.Bytes(6)), row.Int(7),
            row.Time(8), body, meta);
        // Rows of before there were checksums have none; a later one without has lost it.
        if (row.IsNull(11) ? row.Long(0) > summedAfter : row.Long(11) != EventSum.Of(e.Stream, e.Version, e.Shard, e.Seq, e.Term.Value, e.Type, e.SchemaVersion, row.Long(8), body.Span, meta.Span))
            throw Damaged(row, e.Stream);
        return e;
    }

    /// <param name="row">Standing on a row of <see cref="ScanColumns"/>: what is returned is valid until its next step.</param>
    public ScannedEvent Scan(Statement row, Func<long, string> keyOf)
    {
        var e = new ScannedEvent(
            row.Int(1), row.Long(2), new Term(row.Long(5)), Key(row.Long(3), keyOf), row.Int(4), TypeName(row.Bytes(6)), row.Int(7), row.Time(8),
            row.Bytes(9));
        if (row.IsNull(10) ? row.Long(0) > summedAfter : (uint)row.Long(10) != EventSum.OfScanned(e.Stream, e.Version, e.Shard, e.Seq, e.Term.Value, e.Type, e.SchemaVersion, row.Long(8), e.Body))
            throw Damaged(row, e.Stream);
        return e;
    }

    private static SqliteFailure Damaged(Statement row, string stream) => new(
        SQLitePCL.raw.SQLITE_CORRUPT, $"event {row.Long(0)}, {stream}@{row.Long(4)}, is not what was written: restore a good copy of the database");

    private string Key(long stream, Func<long, string> keyOf)
    {
        if (_keys.TryGetValue(stream, out var key)) return key;
        if (_keys.Count >= KeysMax) _keys.Clear();
        return _keys[stream] = keyOf(stream);
    }

    private static (ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Meta) Texts(Statement row)
    {
        var body = row.Bytes(9);
        var meta = row.Bytes(10);
        var both = new byte[body.Length + meta.Length];
        body.CopyTo(both);
        meta.CopyTo(both.AsSpan(body.Length));
        return (both.AsMemory(0, body.Length), both.AsMemory(body.Length));
    }

    private string TypeName(ReadOnlySpan<byte> utf8)
    {
        Span<char> chars = stackalloc char[128];
        if (utf8.Length > chars.Length) return Encoding.UTF8.GetString(utf8);
        var name = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        if (_types.TryGetValue(name, out var known)) return known;
        var added = name.ToString();
        if (_types.Dictionary.Count < TypesMax) _types.Dictionary[added] = added;
        return added;
    }
}
