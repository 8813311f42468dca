using Coordinator.Application.Store;
using Coordinator.Domain;

namespace Coordinator.Application.Cluster;

/// <summary>What operators see of the coordinators on one store, and ask of them. May be called from any thread.</summary>
public interface IClusterDirectory : IDisposable
{
    /// <summary>The store as it answers now.</summary>
    /// <exception cref="StoreUnavailableException">It does not; may be repeated.</exception>
    StoreRecord Store();

    /// <summary>Every node that lives, and each that died within a day without giving its shards up, by name.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    IReadOnlyList<NodeRecord> Nodes();

    /// <summary>All shards, in order.</summary>
    /// <exception cref="StoreUnavailableException">Cannot be reached; may be repeated.</exception>
    IReadOnlyList<ShardRecord> Shards();

    /// <summary>
    /// Records that a node is to have shards or none: durable when it returns, kept with who, when and why, and heeded by the node within a second.
    /// Wishing for what is so already changes nothing.
    /// </summary>
    /// <returns>Null, or why not: <c>node.unknown</c>, <c>node.last</c> (nobody else could decide), <c>precondition.stale</c>, <c>idempotency.otherBody</c>.</returns>
    /// <exception cref="StoreUnavailableException">Cannot be reached; safe to repeat.</exception>
    Refusal? Wish(NodeWish wish);
}

/// <summary>The store behind the nodes.</summary>
/// <param name="Place">For people: server and database, or the file.</param>
/// <param name="RoundTrip">Of the smallest question.</param>
/// <param name="Clock">The store's.</param>
/// <param name="Position">Events committed, of all shards; null if it is not counted.</param>
/// <param name="Schema">Version of the tables, and the one this program was written for; null for a store that needs no migration.</param>
public sealed record StoreRecord(string Place, TimeSpan RoundTrip, DateTimeOffset Clock, long? Position, (int Version, int Needed)? Schema);

/// <param name="Seen">Its last beat.</param>
/// <param name="ClockAhead">How far its clock was ahead of the store's then; null if it did not say.</param>
/// <param name="Shards">It decides for.</param>
/// <param name="Drain">The wish in force that it has no shards; null for none.</param>
/// <param name="Wishes">How many there were ever.</param>
public sealed record NodeRecord(
    string Name, bool Lives, DateTimeOffset Seen, TimeSpan? ClockAhead, NodeFacts Facts, int Shards, DrainRecord? Drain, int Wishes);

/// <summary>Who wanted a node without shards, when and why.</summary>
public sealed record DrainRecord(DateTimeOffset At, string Actor, string? Reason);

/// <param name="Owner">The node's name; empty for none.</param>
/// <param name="OwnerLives">False also if there is none.</param>
/// <param name="Position">Events of this shard.</param>
public sealed record ShardRecord(int Shard, string Owner, bool OwnerLives, long Term, long Position, int OpenStreams);

/// <summary>That a node is to have no shards any more, or may have them again.</summary>
/// <param name="IfMatch">How many wishes for it the caller has seen; null for any.</param>
/// <param name="Key">Idempotency key, unique per actor; with another body hash it is refused.</param>
public sealed record NodeWish(string Node, bool Drained, string Actor, string? Reason, string? RequestId, long? IfMatch, string? Key, string BodyHash);
