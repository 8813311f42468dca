using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

/// <summary>What a VM's stream can be told. Closed family.</summary>
public abstract record VmInput;

public sealed record Register(VmId Vm, GuestSpec Spec, HostId Host, bool Adopt) : VmInput;

/// <param name="Host">Another host than where it was lost or stopped, or null for the same.</param>
public sealed record Start(HostId? Host, string Reason) : VmInput;

public sealed record Stop(string Reason) : VmInput;

/// <summary>A fact from a host.</summary>
public sealed record VmHeard(HostId Host, VmReport Report) : VmInput;

/// <summary>The ledger counted the claim, or gave it back.</summary>
public sealed record PlacementAnswered(string Claim, bool Returned) : VmInput;

/// <summary>An attempt is wanted. The migration's stream gets its own input in the same transaction.</summary>
/// <param name="Source">Where the VM must be, if that matters.</param>
public sealed record OpenMigration(MigrationId Migration, HostId Destination, HostId? Source = null) : VmInput;

/// <summary>The open migration's state after a decision: the VM follows it.</summary>
public sealed record FollowMigration(MigrationState State) : VmInput;

/// <summary>A person attested that the host is off for good.</summary>
public sealed record VmHostWrittenOff(HostId Host) : VmInput;

/// <summary>The store was restored from a backup.</summary>
public sealed record DoubtPlacement(string Restore) : VmInput;

/// <summary>All that a host's journal says of the VM.</summary>
public sealed record WordTold(HostId Host, VmWord Word) : VmInput;

/// <summary>Every host has told, or is written off.</summary>
public sealed record AllTold : VmInput;
