using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Machine;

/// <summary>A VM that this host may run: OWNED under an epoch, not ended.</summary>
internal sealed class Placement
{
    public required VmId Vm { get; init; }

    public required Epoch Epoch { get; init; }

    public required GuestSpec Spec { get; init; }

    /// <summary>RUNNING is on disk: from here on the agent only re-attaches.</summary>
    public bool Ran { get; set; }

    // ---- volatile

    public bool Stopping { get; set; }
}
