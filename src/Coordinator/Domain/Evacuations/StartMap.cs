using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations;

/// <summary>What an instance and its plan say that no event changes: names as numbers, and the moves in their order. Immutable.</summary>
internal sealed class StartMap
{
    private readonly PlanInstance instance;
    private readonly EvacuationPlan plan;
    private readonly Dictionary<string, Mover> byName;

    public StartMap(PlanInstance instance, EvacuationPlan plan, PlanCaps caps)
    {
        (this.instance, this.plan) = (instance, plan);
        Index = new PlanIndex(instance with { Caps = caps });
        byName = Index.Guests.ToDictionary(g => g.Name, StringComparer.Ordinal);
        Moves = [.. plan.Moves.OrderBy(m => m.Wave).ThenBy(m => m.Order).Select(m => (byName[m.Guest], Index.HostOf(m.Destination)))];
    }

    public PlanIndex Index { get; }

    public double LeastShare => plan.StartRule.LeastShare;

    public (Mover Guest, int To)[] Moves { get; }

    public MigrationPolicy? PolicyOf(string guest) => byName.GetValueOrDefault(guest)?.Guest.Policy;

    public bool IsOf(PlanInstance other, EvacuationPlan with) => ReferenceEquals(instance, other) && ReferenceEquals(plan, with);
}
