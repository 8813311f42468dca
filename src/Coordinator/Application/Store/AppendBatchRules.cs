using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Coordinator.Application.Store;

/// <summary>
/// What every batch keeps, whatever the store: each event's shard is leased, sequence numbers are gapless in a shard, versions in a stream,
/// and nothing is named twice. A violation is a bug of the caller and is found before anything is written.
/// </summary>
public static class AppendBatchRules
{
    /// <exception cref="ArgumentException">The batch contradicts itself; the message says where.</exception>
    public static void Check(AppendBatch batch)
    {
        var sequences = new Dictionary<int, long>(batch.Leases.Count);
        foreach (var lease in batch.Leases)
        {
            Require(sequences.TryAdd(lease.Shard, lease.Seq), "shard {0} is leased twice", lease.Shard);
        }

        var streams = new Dictionary<string, (int Shard, int Version)>(batch.Streams.Count);
        foreach (var change in batch.Streams)
        {
            Require(streams.TryAdd(change.Stream, (change.Shard, change.ExpectedVersion)), "stream {0} is changed twice", change.Stream);
            Require(sequences.ContainsKey(change.Shard), "shard of stream {0} is not leased", change.Stream);
            Require(change is { ExpectedVersion: >= 0, Version: >= 1 }, "stream {0} has no version", change.Stream);
        }

        CheckEvents(batch.Events, sequences, streams);
        foreach (var change in batch.Streams) Require(streams[change.Stream].Version == change.Version, "events of stream {0} do not end at its version", change.Stream);

        CheckKeys(batch.Keys);
    }

    private static void CheckEvents(IReadOnlyList<NewEvent> events, Dictionary<int, long> sequences, Dictionary<string, (int Shard, int Version)> streams)
    {
        for (var i = 0; i < events.Count; i++)
        {
            var e = events[i];
            ref var stream = ref CollectionsMarshal.GetValueRefOrNullRef(streams, e.Stream);
            Require(!Unsafe.IsNullRef(ref stream), "stream {0} has an event and no row", e.Stream);
            Require(stream.Shard == e.Shard, "stream {0} has an event of another shard", e.Stream);
            Require(e.Version == ++stream.Version, "versions of stream {0} have a gap", e.Stream);
            ref var seq = ref CollectionsMarshal.GetValueRefOrNullRef(sequences, e.Shard);
            Require(e.Seq == ++seq, "sequence of shard {0} has a gap", e.Shard);
        }
    }

    private static void CheckKeys(IReadOnlyList<IdempotencyRecord> keys)
    {
        if (keys.Count < 2) return;
        var seen = new HashSet<(string, string)>(keys.Count);
        foreach (var key in keys) Require(seen.Add((key.Principal, key.Key)), "idempotency key {0} is given twice", key.Key);
    }

    private static void Require<T>(bool holds, string message, T subject)
    {
        if (!holds) throw new ArgumentException(string.Format(System.Globalization.CultureInfo.InvariantCulture, message, subject));
    }
}
