using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Store;

/// <summary>
/// The one authority: append-only streams with versions, shards fenced by term. One caller at a time (the node's commit loop);
/// the read methods may be called from other threads at the same time. Synchronous: it is called where waiting for the disk is the point.
/// </summary>
public interface IEventStore : IDisposable
{
    /// <summary>The store's clock, read at start and takeover; machines never read another one.</summary>
    DateTimeOffset Now();

    /// <summary>Number of shards this database was made with. A constant of its life.</summary>
    int ShardCount { get; }

    /// <summary>Event types of these contracts may be written, and no newer ones: other programs on this store might not know them.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    ContractVersion Contracts() => ContractVersion.Current;

    /// <summary>
    /// Raises the terms of these shards in one transaction and makes <paramref name="owner"/> their owner. Whoever held them is fenced from here on.
    /// </summary>
    /// <returns>The new term and last sequence number of each shard.</returns>
    /// <exception cref="StoreUnavailableException">Cannot be reached, is read-only or full. Nothing was changed, or the raise is harmless.</exception>
    IReadOnlyList<ShardLease> TakeOver(IReadOnlyList<int> shards, string owner);

    /// <summary>
    /// The same for a node that does not know what became of its last append: only shards that nobody has taken since are raised, so that it takes nothing
    /// from a node that followed it. Waits for an append that is under way.
    /// </summary>
    /// <param name="held">Shards and terms as this node last knew them.</param>
    /// <returns>Those that are still its own.</returns>
    /// <exception cref="StoreUnavailableException">Cannot be reached, is read-only or full. Nothing was changed, or the raise is harmless.</exception>
    IReadOnlyList<ShardLease> TakeOverAgain(IReadOnlyList<(int Shard, Term Term)> held, string owner) => TakeOver([.. held.Select(h => h.Shard)], owner);

    /// <summary>Every open stream of a shard: newest snapshot and the events after it, in version order. Closed streams are not read.</summary>
    IEnumerable<LoadedStream> LoadOpen(int shard);

    /// <summary>One stream, open or closed; null if there is none.</summary>
    LoadedStream? Load(string streamKey);

    /// <summary>
    /// Appends a batch in one transaction: all of it or nothing. Returns only after it is durable.
    /// </summary>
    /// <exception cref="StoreUnavailableException">Surely nothing was committed. May be repeated.</exception>
    /// <exception cref="StoreBrokenException">I/O error at commit: the process must stop (an fsync error is never retried).</exception>
    AppendOutcome Append(AppendBatch batch);

    /// <summary>Events of one stream with a version above <paramref name="afterVersion"/>, in order.</summary>
    IEnumerable<StoredEvent> ReadStream(string streamKey, int afterVersion);

    /// <summary>Committed events after a position, in an order in which no later commit can add before what was read.</summary>
    /// <param name="after">A position this store gave, or <see cref="StorePosition.Start"/>.</param>
    /// <param name="limit">At most this many, 1 to 10,000.</param>
    IReadOnlyList<StoredEvent> ReadAll(StorePosition after, int limit);

    /// <summary>
    /// Shows each committed event after a position to <paramref name="visit"/>, in the order of <see cref="ReadAll"/>: for replays of millions,
    /// where an object for each would cost more than the fold.
    /// </summary>
    /// <param name="limit">At most this many.</param>
    /// <param name="visit">Must not use the store. What it is shown is gone once it returns.</param>
    /// <returns>How many were shown, and the position after them.</returns>
    (int Count, StorePosition Position) Scan(StorePosition after, int limit, EventVisitor visit)
    {
        var page = ReadAll(after, Math.Min(limit, 10_000));
        foreach (var e in page) visit(new ScannedEvent(e.Shard, e.Seq, e.Term, e.Stream, e.Version, e.Type, e.SchemaVersion, e.At, e.Body.Span));
        return (page.Count, page.Count == 0 ? after : page[^1].Position);
    }

    /// <summary>The answer stored under an idempotency key, or null.</summary>
    IdempotencyRecord? FindIdempotent(string principal, string key);

    /// <summary>Forgets idempotency keys older than <paramref name="olderThan"/>. Bounded work a call.</summary>
    void PruneIdempotent(DateTimeOffset olderThan);

    /// <summary>Saves how far a projection has come, with its state. Losing it costs time only.</summary>
    void SaveProjection(string name, StorePosition position, ReadOnlyMemory<byte> state);

    (StorePosition Position, byte[] State)? LoadProjection(string name);
}
