using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>Reads rows of the event table.</summary>
internal static class EventRow
{
    /// <summary>With <c>e</c> for the event and <c>s</c> for its stream.</summary>
    public const string ScanColumns = "e.pos, e.shard, e.seq, s.key, e.ver, e.term, e.type, e.schema, e.at, e.body";

    public const string Columns = ScanColumns + ", e.meta";

    /// <param name="first">Where <see cref="Columns"/> begin in the row.</param>
    public static StoredEvent Read(NpgsqlDataReader row, int first = 0) => new(
        StoredPosition.Of(row.GetInt64(first)), row.GetInt32(first + 1), row.GetInt64(first + 2), new Term(row.GetInt64(first + 5)), row.GetString(first + 3),
        row.GetInt32(first + 4), row.GetString(first + 6), row.GetInt32(first + 7), StoredTime.FromTicks(row.GetInt64(first + 8)),
        row.GetFieldValue<byte[]>(first + 9), row.GetFieldValue<byte[]>(first + 10));

    /// <param name="body">The row's body: what is returned is valid as long as it is.</param>
    public static ScannedEvent Scan(NpgsqlDataReader row, ReadOnlySpan<byte> body) => new(
        row.GetInt32(1), row.GetInt64(2), new Term(row.GetInt64(5)), row.GetString(3), row.GetInt32(4), row.GetString(6), row.GetInt32(7),
        StoredTime.FromTicks(row.GetInt64(8)), body);
}
