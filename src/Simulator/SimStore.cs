using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>
/// An event store in memory that is nastier than real ones: it refuses, commits without saying so, and fences. What it holds survives
/// every crash of a coordinator.
/// </summary>
public sealed class SimStore(Timeline time, Lane faults, int shardCount) : IEventStore
{
    private readonly Dictionary<string, Row> rows = [];
    private readonly Dictionary<int, ShardLease> leases = [];
    private readonly Dictionary<(string, string), IdempotencyRecord> keys = [];
    private readonly List<StoredEvent> all = [];

    /// <summary>Per mille of appends that fail in each way.</summary>
    public int FaultsPerMille { get; set; }

    /// <summary>Told of every durable event, also of those whose writer never learned that they are.</summary>
    public Action<StoredEvent>? Written { get; set; }

    public int Refused { get; private set; }

    public int Unknown { get; private set; }

    public IReadOnlyList<StoredEvent> All => all;

    public int ShardCount => shardCount;

    public DateTimeOffset Now() => time.Now;

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner)
    {
        List<ShardLease> taken = [];
        foreach (var shard in shards)
        {
            var before = leases.GetValueOrDefault(shard);
            var lease = new ShardLease(shard, (before?.Term ?? Term.None).Next, owner, before?.Seq ?? 0);
            leases[shard] = lease;
            taken.Add(lease);
        }

        return taken;
    }

    public IEnumerable<LoadedStream> LoadOpen(int shard) => rows.Values.Where(r => r.Change.Shard == shard && !r.Change.Closed).Select(r => r.Loaded()).ToList();

    public LoadedStream? Load(string streamKey) => rows.GetValueOrDefault(streamKey)?.Loaded();

    public AppendOutcome Append(AppendBatch batch)
    {
        if (faults.Chance(FaultsPerMille))
        {
            Refused++;
            throw new StoreUnavailableException("simulated: the store is away");
        }

        var lost = batch.Leases.Where(l => leases[l.Shard] is var now && (now.Term != l.Term || now.Owner != l.Owner || now.Seq != l.Seq)).Select(l => l.Shard).ToList();
        if (lost.Count > 0) return new AppendOutcome.Fenced(lost);
        var taken = batch.Keys.Select(k => keys.GetValueOrDefault((k.Principal, k.Key))).OfType<IdempotencyRecord>().ToList();
        if (taken.Count > 0) return new AppendOutcome.KeysTaken(taken);
        var conflicts = batch.Streams.Where(s => (rows.GetValueOrDefault(s.Stream)?.Change.Version ?? 0) != s.ExpectedVersion).Select(s => s.Stream).ToList();
        if (conflicts.Count > 0) return new AppendOutcome.Conflict(conflicts);
        Write(batch);
        if (!faults.Chance(FaultsPerMille)) return new AppendOutcome.Committed(Position());
        Unknown++;
        return new AppendOutcome.Unknown("simulated: the connection broke after COMMIT");
    }

    private void Write(AppendBatch batch)
    {
        foreach (var change in batch.Streams)
        {
            if (!rows.TryGetValue(change.Stream, out var row)) rows.Add(change.Stream, row = new Row(change));
            if (change.Snapshot is { } snapshot) (row.Snapshot, row.SnapshotVersion) = (snapshot, change.Version);
            row.Change = change;
        }

        foreach (var e in batch.Events)
        {
            var stored = new StoredEvent(new StorePosition($"{all.Count + 1}"), e.Shard, e.Seq, leases[e.Shard].Term, e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, e.Body, e.Meta);
            all.Add(stored);
            rows[e.Stream].Events.Add(stored);
            if (leases[e.Shard].Seq + 1 != e.Seq) throw new InvalidOperationException($"shard {e.Shard} has a gap before {e.Seq}");
            leases[e.Shard] = leases[e.Shard] with { Seq = e.Seq };
            Written?.Invoke(stored);
        }

        foreach (var key in batch.Keys) keys.Add((key.Principal, key.Key), key);
    }

    private StorePosition Position() => new($"{all.Count}");

    public IEnumerable<StoredEvent> ReadStream(string streamKey, int afterVersion) => rows.TryGetValue(streamKey, out var row) ? row.Events.Where(e => e.Version > afterVersion) : [];

    public IReadOnlyList<StoredEvent> ReadAll(StorePosition after, int limit) => [.. all.Skip(after.Value.Length == 0 ? 0 : int.Parse(after.Value, System.Globalization.CultureInfo.InvariantCulture)).Take(limit)];

    public IdempotencyRecord? FindIdempotent(string principal, string key) => keys.GetValueOrDefault((principal, key));

    public void PruneIdempotent(DateTimeOffset olderThan)
    {
        foreach (var old in keys.Where(k => k.Value.At < olderThan).Select(k => k.Key).ToList()) keys.Remove(old);
    }

    public void SaveProjection(string name, StorePosition position, ReadOnlyMemory<byte> state)
    {
    }

    public (StorePosition Position, byte[] State)? LoadProjection(string name) => null;

    public void Dispose()
    {
    }

    private sealed class Row(StreamChange change)
    {
        public StreamChange Change { get; set; } = change;

        public List<StoredEvent> Events { get; } = [];

        public ReadOnlyMemory<byte>? Snapshot { get; set; }

        public int SnapshotVersion { get; set; }

        public LoadedStream Loaded() => new(
            Change.Shard, Change.Stream, Change.Version, Change.Closed, Change.TimerDue, Change.TimerToken, Snapshot, SnapshotVersion, [.. Events.Where(e => e.Version > SnapshotVersion)]);
    }
}
