using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors;

/// <summary>What the agent's machine asks of a driver. Closed family.</summary>
public abstract record HypervisorCommand(VmId Vm);

/// <summary>Create the guest and let it run. → <see cref="GuestRunning"/> | <see cref="GuestFailed"/></summary>
public sealed record StartGuest(VmId Vm, GuestSpec Spec, Epoch Epoch) : HypervisorCommand(Vm);

/// <summary>Let an existing, complete guest run: <c>cont</c> after REJECTED at the source, or after OWNED at the destination. → <see cref="GuestRunning"/> | <see cref="GuestFailed"/></summary>
public sealed record RunGuest(VmId Vm, Epoch Epoch) : HypervisorCommand(Vm);

/// <summary>Kill the guest's process, whatever it does, and see it dead. → <see cref="GuestDead"/> (also when there was none)</summary>
public sealed record DestroyGuest(VmId Vm) : HypervisorCommand(Vm);

/// <summary>
/// Create a stopped guest that can receive the state, memory populated, streams accepted for this attempt only.
/// → <see cref="IncomingReady"/> | <see cref="IncomingFailed"/>, later <see cref="IncomingLoaded"/> | <see cref="IncomingFailed"/>. Never starts vCPUs.
/// </summary>
public sealed record PrepareIncoming(VmId Vm, MigrationId Migration, Epoch Epoch, HostId Source, GuestSpec Spec, MigrationPolicy Policy) : HypervisorCommand(Vm);

/// <summary>
/// Pre-copy: rounds until told otherwise. → <see cref="OutgoingRound"/> after each, <see cref="OutgoingFailed"/> when it cannot go on
/// (the guest runs). <paramref name="Resume"/>: an agent before this one had begun; continue that transfer with what the guest's process still knows.
/// The rule of convergence is asked by the driver at each round boundary; with verdict Ready or Force it keeps iterating.
/// </summary>
public sealed record StartOutgoing(VmId Vm, MigrateOut Plan, bool Resume, long Link) : HypervisorCommand(Vm);

/// <summary>New limits for a running pre-copy (only policy limits and force may differ).</summary>
public sealed record UpdateOutgoing(VmId Vm, MigrateOut Plan) : HypervisorCommand(Vm);

/// <summary>
/// INTENT is on disk: stop the guest at the next round boundary, send the rest. → <see cref="OutgoingPaused"/>, then
/// <see cref="OutgoingCompleted"/> once the destination's hypervisor has acknowledged everything, or <see cref="OutgoingFailed"/>.
/// </summary>
public sealed record StopAndCopy(VmId Vm, MigrationId Migration) : HypervisorCommand(Vm);

/// <summary>
/// Give up before completion. → <see cref="OutgoingFailed"/>; if it had completed all the same: <see cref="OutgoingCompleted"/> again.
/// A native guest stays stopped if it was (guarded); a QEMU without guard may run again by itself.
/// </summary>
public sealed record AbortOutgoing(VmId Vm, MigrationId Migration) : HypervisorCommand(Vm);

/// <summary>Check a guest that runs here (its own memory check; its network announced). → <see cref="GuestVerified"/></summary>
public sealed record VerifyGuest(VmId Vm, MigrationId Migration) : HypervisorCommand(Vm);
