namespace Coordinator.Application.Store;

/// <summary>A stream as read at takeover.</summary>
/// <param name="Snapshot">State at <paramref name="SnapshotVersion"/>, or null: then the tail begins at version 1.</param>
public sealed record LoadedStream(
    int Shard, string Stream, int Version, bool Closed, DateTimeOffset? TimerDue, long TimerToken,
    ReadOnlyMemory<byte>? Snapshot, int SnapshotVersion, IReadOnlyList<StoredEvent> Tail);
