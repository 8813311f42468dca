using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors;

/// <summary>What a driver tells the agent's machine. Closed family.</summary>
public abstract record HypervisorEvent(VmId Vm);

/// <summary>vCPUs run. <paramref name="At"/>: when they started, on this host's clock.</summary>
public sealed record GuestRunning(VmId Vm, DateTimeOffset At) : HypervisorEvent(Vm);

/// <summary>Could not be started or resumed; the process, if any, is still there.</summary>
public sealed record GuestFailed(VmId Vm, string Reason) : HypervisorEvent(Vm);

/// <summary>The process is gone and seen dead, on order.</summary>
public sealed record GuestDead(VmId Vm) : HypervisorEvent(Vm);

/// <summary>The process is gone without an order.</summary>
public sealed record GuestVanished(VmId Vm, string Reason) : HypervisorEvent(Vm);

/// <summary>Receives: <paramref name="HypervisorPort"/> null when memory comes over the peer link.</summary>
public sealed record IncomingReady(VmId Vm, MigrationId Migration, int? HypervisorPort) : HypervisorEvent(Vm);

/// <summary>Complete and current as far as bytes go; vCPUs stopped. The digest must equal the one in COMMIT.</summary>
public sealed record IncomingLoaded(VmId Vm, MigrationId Migration, string Digest) : HypervisorEvent(Vm);

/// <summary>Will not become complete. The process may still be there until <see cref="DestroyGuest"/>.</summary>
public sealed record IncomingFailed(VmId Vm, MigrationId Migration, string Reason) : HypervisorEvent(Vm);

/// <summary>A round boundary with what the convergence rule said.</summary>
public sealed record OutgoingRound(VmId Vm, MigrationId Migration, RoundFacts Facts, Forecast Forecast) : HypervisorEvent(Vm);

/// <summary>Live numbers between rounds.</summary>
public sealed record OutgoingProgress(VmId Vm, ProgressSample Sample) : HypervisorEvent(Vm);

/// <summary>vCPUs are stopped: the blackout has begun.</summary>
public sealed record OutgoingPaused(VmId Vm, MigrationId Migration, DateTimeOffset At) : HypervisorEvent(Vm);

/// <summary>The destination's hypervisor has everything and said so. The guest is stopped and does not resume by itself. Only after this may COMMIT leave.</summary>
public sealed record OutgoingCompleted(VmId Vm, MigrationId Migration, string Digest, TransferStats Stats, DateTimeOffset PausedAt) : HypervisorEvent(Vm);

/// <summary>Not completed and never will be. <paramref name="GuestRuns"/>: whether the vCPUs run already.</summary>
public sealed record OutgoingFailed(VmId Vm, MigrationId Migration, string Reason, bool GuestRuns) : HypervisorEvent(Vm);

public sealed record GuestVerified(VmId Vm, MigrationId Migration, bool Well, string Detail) : HypervisorEvent(Vm);
