using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts.Evacuations;

namespace Simulator.Evacuations;

/// <summary>Carries a plan out by the product's own start rule.</summary>
public sealed class FollowPlan(PlanInstance instance, EvacuationPlan plan) : IStartPolicy
{
    private readonly PlanRun _run = new(instance, plan);

    public double? WakeAt => _run.OpensAt;

    public IReadOnlyList<(string Guest, string Destination)> Start(FluidRun world) => [.. _run.StartNow(world.Now).Select(m => (m.Guest, m.Destination))];

    public void Ending(string guest) => _run.Ending(guest);

    public void Arrived(string guest, double now) => _run.Arrived(guest, now);
}
