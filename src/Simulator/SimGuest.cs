using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>A guest's process on one host: survives its agent, not its host.</summary>
public sealed class SimGuest
{
    public required VmId Vm { get; init; }

    public GuestSpec? Spec { get; set; }

    public GuestRunState State { get; set; }

    /// <summary>How many of the guest's writes this copy contains.</summary>
    public int Content { get; set; }

    public MigrationId? Migration { get; set; }

    /// <summary>Grows with each transfer begun or aborted: what an older one still does is void.</summary>
    public int Transfer { get; set; }

    public bool StopWanted { get; set; }

    public DateTimeOffset PausedAt { get; set; }

    public bool IsComplete => State is GuestRunState.Running or GuestRunState.Paused or GuestRunState.Loaded or GuestRunState.Completed;
}
