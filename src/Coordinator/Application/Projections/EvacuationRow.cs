using Coordinator.Domain.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Projections;

/// <summary>One evacuation as people read it: a fold of its events. Immutable; a new event makes a new row.</summary>
/// <param name="PausedFor">Of pauses that are over.</param>
public sealed record EvacuationRow(Evacuation State, int Version, int Shard, Term Term, TimeSpan PausedFor)
{
    /// <summary>Null before the request.</summary>
    public static EvacuationRow? Next(EvacuationRow? row, EvacuationEvent happened, int version, int shard, Term term, DateTimeOffset at)
    {
        if (row is null && happened is not EvacuationRequested) return null;
        var next = (Evacuation)EvacuationEvolution.Evolve(row is null ? NoEvacuation.Instance : row.State, happened, version, at);
        var paused = row is { State.Phase: EvacuationPhase.Paused } && next.Phase != EvacuationPhase.Paused ? at - row.State.Since : TimeSpan.Zero;
        return new EvacuationRow(next, version, shard, term, (row?.PausedFor ?? TimeSpan.Zero) + paused);
    }

    public bool IsClosed => State.Phase == EvacuationPhase.Closed;
}
