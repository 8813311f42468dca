using Coordinator.Shared.Identity;

namespace Coordinator.Application.Store;

/// <summary>A committed event with its whole envelope.</summary>
public sealed record StoredEvent(
    StorePosition Position, int Shard, long Seq, Term Term, string Stream, int Version, string Type, int SchemaVersion, DateTimeOffset At,
    ReadOnlyMemory<byte> Body, ReadOnlyMemory<byte> Meta)
{
    /// <summary>Unique for ever.</summary>
    public string Id => $"{Stream}@{Version}";
}
