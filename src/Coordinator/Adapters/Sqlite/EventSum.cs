using System.Runtime.InteropServices;
using Coordinator.Shared.Integrity;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// The checksum kept with each event: SQLite has one for the pages of its log and none for those of the file, so a byte that changed on the
/// disk would come back as another event. Covers what the event says and where it belongs, by the stream's name and not by its row.
/// </summary>
internal static class EventSum
{
    /// <summary>Low half: all but the envelope; high half: the envelope, which a scan does not read.</summary>
    public static long Of(string stream, int version, int shard, long seq, long term, string type, int schema, long at, ReadOnlySpan<byte> body, ReadOnlySpan<byte> meta) =>
        ((long)Crc32C.Of(meta) << 32) | OfScanned(stream, version, shard, seq, term, type, schema, at, body);

    /// <summary>Of a snapshot: with the stream that it is of, and the version up to which it goes.</summary>
    public static long OfSnapshot(string stream, int version, ReadOnlySpan<byte> state) =>
        Crc32C.Append(Crc32C.Append(Crc32C.Of(MemoryMarshal.AsBytes((ReadOnlySpan<int>)[version])), MemoryMarshal.AsBytes(stream.AsSpan())), state);

    /// <summary>The low half alone.</summary>
    public static uint OfScanned(string stream, int version, int shard, long seq, long term, string type, int schema, long at, ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<long> numbers = [version, shard, seq, term, schema, at, body.Length];
        var sum = Crc32C.Of(MemoryMarshal.AsBytes(numbers));
        sum = Crc32C.Append(sum, MemoryMarshal.AsBytes(stream.AsSpan()));
        sum = Crc32C.Append(sum, MemoryMarshal.AsBytes(type.AsSpan()));
        return Crc32C.Append(sum, body);
    }
}
