namespace Coordinator.Application.Store;

/// <summary>What one group commit writes: decisions of any number of shards of one node.</summary>
/// <param name="Leases">Every shard touched, with the term the node believes in and the sequence number before the batch.</param>
/// <param name="Events">In order; versions of one stream follow each other.</param>
/// <param name="Streams">One row per stream touched, with its state after the batch.</param>
/// <param name="Keys">Idempotency keys first used in this batch.</param>
public sealed record AppendBatch(
    IReadOnlyList<ShardLease> Leases, IReadOnlyList<NewEvent> Events, IReadOnlyList<StreamChange> Streams, IReadOnlyList<IdempotencyRecord> Keys);

/// <summary>One event on its way to the store.</summary>
/// <param name="Seq">Position in its shard.</param>
/// <param name="Type">Stable name, with the schema version beside it.</param>
/// <param name="Body">JSON, UTF-8.</param>
/// <param name="Meta">JSON, UTF-8: see <see cref="EventMeta"/>. Written once for each decision and shared by its events.</param>
public sealed record NewEvent(
    int Shard, long Seq, string Stream, int Version, string Type, int SchemaVersion, DateTimeOffset At, ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Meta);

/// <summary>A stream's row after a batch.</summary>
/// <param name="ExpectedVersion">Version before the batch, 0 for a new stream; anything else in the store is a conflict.</param>
/// <param name="Version">Version after it.</param>
/// <param name="TimerDue">When its one timer fires, or null for none. Replaces what was there.</param>
/// <param name="TimerToken">What the firing must carry to be heard.</param>
/// <param name="Snapshot">Replaces the stored snapshot (taken at <paramref name="Version"/>); null leaves it.</param>
public sealed record StreamChange(
    int Shard, string Stream, int ExpectedVersion, int Version, bool Closed, DateTimeOffset? TimerDue, long TimerToken, ReadOnlyMemory<byte>? Snapshot);

/// <summary>An answer kept under a client's key for 24 hours.</summary>
/// <param name="Principal">Keys are unique per principal, over all shards.</param>
/// <param name="BodyHash">Of the request's body: the same key with another body is refused.</param>
/// <param name="Answer">The resource's stream key.</param>
public sealed record IdempotencyRecord(string Principal, string Key, string BodyHash, string Answer, DateTimeOffset At);
