using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

/// <summary>What happened to a VM's placement. Closed family; names and shapes are for ever.</summary>
public abstract record VmEvent;

/// <summary>Known from here on. Adopting: it runs already.</summary>
public sealed record VmRegistered(VmId Vm, GuestSpec Spec, HostId Host, Epoch Epoch, bool Adopted) : VmEvent;

/// <summary>The host's ledger counts it.</summary>
public sealed record PlacementCounted(string Claim) : VmEvent;

/// <summary>The ledger of the host where it was counts it no more.</summary>
public sealed record OldPlacementReturned(string Claim) : VmEvent;

public sealed record VmStartOrdered(HostId Host, Epoch Epoch, string Reason) : VmEvent;

public sealed record VmStarted(Epoch Epoch) : VmEvent;

public sealed record VmStartFailed(string Reason) : VmEvent;

public sealed record VmStopOrdered(string Reason) : VmEvent;

public sealed record VmStopConfirmed : VmEvent;

/// <summary>Its memory is gone.</summary>
public sealed record VmLost(string Reason) : VmEvent;

/// <summary>A copy was seen running where the VM is not placed. Nothing is killed; a person looks.</summary>
public sealed record VmConflicted(HostId Host, string Detail) : VmEvent;

/// <summary>A migration attempt began; burns an epoch.</summary>
public sealed record MigrationOpened(MigrationId Migration, Epoch Epoch, HostId Destination) : VmEvent;

/// <summary>The attempt is over for the VM: the host that holds it has attested. The next one may start.</summary>
/// <param name="Code">Why it did not move, with the two after it: only with an evacuation's child.</param>
public sealed record MigrationSettled(MigrationId Migration, MigrationOutcome Outcome, string? Code = null, string? Detail = null, bool? Transient = null) : VmEvent;

/// <summary>The VM lives at another host, or again under a new epoch.</summary>
/// <param name="Claim">Its capacity claim there.</param>
public sealed record PlacementChanged(HostId Host, Epoch Epoch, string Claim, MigrationId Migration, MigrationOutcome Outcome) : VmEvent;

/// <summary>The store was restored from a backup: where the VM is now, only its hosts know.</summary>
public sealed record PlacementDoubted(string Restore) : VmEvent;

/// <summary>A host knows of attempts that this store has forgotten.</summary>
public sealed record HigherEpochHeard(HostId Host, Epoch Highest) : VmEvent;

/// <summary>A host holds an attempt open that this store has forgotten: it is settled before anything else is decided.</summary>
public sealed record MigrationAdopted(MigrationId Migration, Epoch Epoch, HostId Destination) : VmEvent;

/// <summary>The VM is where its host's journal says, and not where this store had it.</summary>
/// <param name="Highest">Highest epoch heard of.</param>
/// <param name="Claim">Its capacity claim there.</param>
/// <param name="Running">The guest has run there; else it is being started.</param>
/// <param name="Certain">No other host can hold it.</param>
public sealed record PlacementAdopted(HostId Host, Epoch Epoch, Epoch Highest, string Claim, bool Running, bool Certain) : VmEvent;

/// <summary>Every host has said what it knows, or is gone: the placement that is known is the last one.</summary>
public sealed record PlacementTrusted : VmEvent;
