using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>A host of an instance in numbers.</summary>
/// <param name="Memory">What guests may have, the reserve taken off; bytes.</param>
/// <param name="Cpus">Likewise, cores.</param>
/// <param name="Rack">-1 = none.</param>
/// <param name="Draining">It is to be emptied.</param>
/// <param name="Open">It may receive guests.</param>
internal sealed record PlanNode(int Index, PlanHost Host, double Memory, double Cpus, int Rack, bool Draining, bool Open)
{
    public static PlanNode Of(int index, PlanHost host, int rack, bool draining) => new(
        index, host, host.Memory.Value * (1 - HostState.MemoryReserve), host.Cpus * (1 - HostState.CpuReserve), rack, draining, !draining && !host.Cordoned);
}

/// <summary>Guests that require the same labels, and the hosts that have them and are open.</summary>
internal sealed class HostClass(IReadOnlyList<string> labels, int[] hosts)
{
    public IReadOnlyList<string> Labels { get; } = labels;

    public int[] Hosts { get; } = hosts;
}
