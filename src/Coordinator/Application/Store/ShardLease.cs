using Coordinator.Shared.Identity;

namespace Coordinator.Application.Store;

/// <summary>The right to decide for a shard, until a higher term exists.</summary>
/// <param name="Seq">Sequence number of the shard's last event; the next one is this + 1, without gaps.</param>
public sealed record ShardLease(int Shard, Term Term, string Owner, long Seq);
