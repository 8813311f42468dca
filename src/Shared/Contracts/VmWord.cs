using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts;

/// <summary>
/// All that a host's journal says of one VM, for a store that was restored from a backup and has forgotten what was decided since (design: rule 13).
/// </summary>
/// <param name="Highest">Highest epoch this host has heard of.</param>
/// <param name="Placed">Epoch of the placement here; null: the VM is not placed here.</param>
/// <param name="Spec">With a placement.</param>
/// <param name="Ran">The guest placed here has run.</param>
/// <param name="Open">Attempts that are not over on this host.</param>
public sealed record VmWord(VmId Vm, Epoch Highest, Epoch? Placed, GuestSpec? Spec, bool Ran, IReadOnlyList<OpenAttempt> Open);

/// <summary>An attempt that may still change who holds the VM: begun, prepared, or with INTENT.</summary>
/// <param name="Role">This host's part in it.</param>
/// <param name="Peer">The other host.</param>
public sealed record OpenAttempt(MigrationId Migration, Epoch Epoch, MigrationRole Role, HostId Peer, GuestSpec Spec, MigrationPolicy Policy);
