using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors;

/// <summary>A guest found on this host.</summary>
/// <param name="Migration">The attempt it belongs to as an incoming or outgoing copy, if the guest process knows (holders and incoming QEMUs are labelled).</param>
public sealed record DiscoveredGuest(VmId Vm, GuestSpec? Spec, GuestRunState State, MigrationId? Migration, string? LoadedDigest);

/// <summary>What a guest's process does, as the operating system or the hypervisor says.</summary>
public enum GuestRunState
{
    /// <summary>vCPUs run.</summary>
    Running,

    /// <summary>Complete, vCPUs stopped, on nobody's way: an operator's pause or a source before its COMMIT.</summary>
    Paused,

    /// <summary>Destination side: still receiving.</summary>
    Incoming,

    /// <summary>Destination side: complete, vCPUs never started.</summary>
    Loaded,

    /// <summary>Source side: everything was acknowledged by the destination's hypervisor (QEMU: postmigrate); does not resume by itself.</summary>
    Completed,
}
