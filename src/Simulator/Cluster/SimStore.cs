using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>
/// An event store in memory that is nastier than real ones: it is away, full, breaks while it commits, commits without saying so, and
/// fences. What it holds survives every crash of a coordinator.
/// </summary>
public sealed class SimStore(SimWorld world, int shardCount) : IEventStore
{
    private readonly Dictionary<string, Row> rows = [];
    private readonly List<Row>[] open = [.. Enumerable.Range(0, shardCount).Select(_ => new List<Row>())];
    private readonly ShardLease?[] leases = new ShardLease?[shardCount];
    private readonly Dictionary<(string, string), IdempotencyRecord> keys = [];
    private readonly FaultPlace faults = world.Faults.Place("store");
    private readonly List<StoredEvent> all = [];
    private TimeSpan clockOffset;

    /// <summary>No append succeeds before this.</summary>
    public TimeSpan FullUntil { get; set; }

    /// <summary>Every durable event in order, also those whose writer never learned that they are.</summary>
    public IReadOnlyList<StoredEvent> All => all;

    public int ShardCount => shardCount;

    public DateTimeOffset Now() => world.Time.Now + clockOffset;

    /// <summary>Somebody sets the clock of the database's machine.</summary>
    public void JumpClock(TimeSpan by) => clockOffset += by;

    public IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner)
    {
        if (IsFull) throw new StoreUnavailableException("simulated: the disk is full");
        List<ShardLease> taken = [];
        foreach (var shard in shards)
        {
            var before = leases[shard];
            taken.Add(leases[shard] = new ShardLease(shard, (before?.Term ?? Term.None).Next, owner, before?.Seq ?? 0));
        }

        return taken;
    }

    public IEnumerable<LoadedStream> LoadOpen(int shard) => open[shard].Select(r => r.Loaded()).ToList();

    public LoadedStream? Load(string streamKey) => rows.GetValueOrDefault(streamKey)?.Loaded();

    public AppendOutcome Append(AppendBatch batch)
    {
        if (IsFull) throw new StoreUnavailableException("simulated: the disk is full");
        var fault = faults.Happens(world.Options.Store, out var draw);
        if (fault == Fault.StoreAway) throw new StoreUnavailableException("simulated: the store is away");
        if (fault == Fault.CommitUnknownLost) return new AppendOutcome.Unknown("simulated: the connection broke before COMMIT");
        if (fault == Fault.StoreFsyncFailed && draw.Chance(500)) throw new StoreBrokenException("simulated: fsync failed, nothing was written");
        if (world.Options.Mutation.StoreChecks && Refusal(batch) is { } refused) return refused;
        AppendBatchRules.Check(batch);
        Write(batch);
        return fault switch
        {
            Fault.CommitUnknownWritten => new AppendOutcome.Unknown("simulated: the connection broke after COMMIT"),
            Fault.StoreFsyncFailed => throw new StoreBrokenException("simulated: fsync failed, all was written"),
            _ => new AppendOutcome.Committed(new StorePosition("")),
        };
    }

    /// <summary>What this store held before its newest events, as an old copy of the database would.</summary>
    public SimStore OldCopy(int events)
    {
        var copy = new SimStore(world, shardCount);
        foreach (var (key, row) in rows)
        {
            var kept = row.Events.Where(e => e.Seq <= leases[e.Shard]!.Seq - events).ToList();
            if (kept.Count > 0) copy.Add(key, row.Before(kept));
        }

        for (var shard = 0; shard < shardCount; shard++) copy.leases[shard] = leases[shard] is { } lease ? lease with { Seq = Math.Max(0, lease.Seq - events) } : null;
        return copy;
    }

    private bool IsFull => !world.Faults.IsOver && world.Time.Elapsed < FullUntil;

    private AppendOutcome? Refusal(AppendBatch batch)
    {
        List<int>? lost = null;
        foreach (var l in batch.Leases)
        {
            if (leases[l.Shard] is not { } now || now.Term != l.Term || now.Owner != l.Owner || now.Seq != l.Seq) (lost ??= []).Add(l.Shard);
        }

        if (lost is not null) return new AppendOutcome.Fenced(lost);
        List<IdempotencyRecord>? taken = null;
        foreach (var k in batch.Keys)
        {
            if (keys.TryGetValue((k.Principal, k.Key), out var known)) (taken ??= []).Add(known);
        }

        if (taken is not null) return new AppendOutcome.KeysTaken(taken);
        List<string>? conflicts = null;
        foreach (var s in batch.Streams)
        {
            if ((rows.GetValueOrDefault(s.Stream)?.Change.Version ?? 0) != s.ExpectedVersion) (conflicts ??= []).Add(s.Stream);
        }

        return conflicts is null ? null : new AppendOutcome.Conflict(conflicts);
    }

    private void Write(AppendBatch batch)
    {
        foreach (var change in batch.Streams)
        {
            if (!rows.TryGetValue(change.Stream, out var row)) Add(change.Stream, row = new Row(change));
            if (change.Snapshot is { } snapshot) row.Snap(snapshot, change.Version);
            if (change.Closed && !row.Change.Closed) open[change.Shard].Remove(row);
            row.Change = change;
        }

        foreach (var e in batch.Events)
        {
            var lease = batch.Leases.First(l => l.Shard == e.Shard);
            var stored = new StoredEvent(default, e.Shard, e.Seq, lease.Term, e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, e.Body, e.Meta);
            all.Add(stored);
            rows[e.Stream].Events.Add(stored);
            leases[e.Shard] = leases[e.Shard]! with { Seq = Math.Max(e.Seq, leases[e.Shard]!.Seq) };
            world.Decided(this, stored);
        }

        foreach (var key in batch.Keys) keys.TryAdd((key.Principal, key.Key), key);
    }

    private void Add(string key, Row row)
    {
        rows.Add(key, row);
        if (!row.Change.Closed) open[row.Change.Shard].Add(row);
    }

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
        private ReadOnlyMemory<byte>? snapshot;
        private int snapshotVersion;

        public StreamChange Change { get; set; } = change;

        public List<StoredEvent> Events { get; init; } = [];

        public void Snap(ReadOnlyMemory<byte> taken, int version) => (snapshot, snapshotVersion) = (taken, version);

        // Snapshots may be newer than the old copy: it does without.
        public Row Before(List<StoredEvent> kept) => new(Change with { Version = kept[^1].Version, Closed = Change.Closed && kept.Count == Events.Count }) { Events = kept };

        public LoadedStream Loaded() => new(
            Change.Shard, Change.Stream, Change.Version, Change.Closed, Change.TimerDue, Change.TimerToken, snapshot, snapshotVersion,
            snapshotVersion == 0 ? Events : Events.GetRange(snapshotVersion, Events.Count - snapshotVersion));
    }
}
