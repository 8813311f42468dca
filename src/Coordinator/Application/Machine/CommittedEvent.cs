using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>A durable event, already read.</summary>
/// <param name="Body">The domain event.</param>
/// <param name="Json">As stored, UTF-8.</param>
public sealed record CommittedEvent(
    string Stream, int Version, int Shard, long Seq, Term Term, DateTimeOffset At, string Type, object Body, ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Meta);
