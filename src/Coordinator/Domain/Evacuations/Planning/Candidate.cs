using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>One plan of several that were tried.</summary>
internal sealed record Candidate(Placement Placement, Schedule Schedule, IReadOnlyList<PlanBlocker> Blockers, Dispatch Dispatch) : IComparable<Candidate>
{
    /// <summary>Fewer blockers first, then the shorter.</summary>
    public int CompareTo(Candidate? other) => (Blockers.Count, Schedule.Makespan).CompareTo((other!.Blockers.Count, other.Schedule.Makespan));
}
