using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>What happened in an evacuation. Closed family; names and shapes are for ever. Since contracts 1.2.</summary>
public abstract record EvacuationEvent;

public sealed record EvacuationRequested(EvacuationId Id, EvacuationSpec Spec, PlanInstance Instance, EvacuationPlan Plan) : EvacuationEvent;

/// <summary>The window is open: the hosts are cordoned, then the first wave opens.</summary>
public sealed record EvacuationStarted : EvacuationEvent;

/// <summary>The host takes no new guests. Whose cordon it is, the host knows.</summary>
public sealed record EvacuationHostCordoned(HostId Host) : EvacuationEvent;

/// <summary>The cordon that this evacuation had set is taken back; one of somebody else stays.</summary>
public sealed record EvacuationHostUncordoned(HostId Host) : EvacuationEvent;

public sealed record WaveOpened(int Wave) : EvacuationEvent;

/// <summary>Its migration is asked for from now on, until that is answered.</summary>
public sealed record GuestStarted(VmId Vm, int Try, HostId Destination, int Wave) : EvacuationEvent;

/// <param name="Migration">Null: not one of this evacuation, or none; where the guest is decides once nothing moves it.</param>
public sealed record GuestFollowed(VmId Vm, int Try, MigrationId? Migration) : EvacuationEvent;

/// <summary>It has left.</summary>
/// <param name="Host">Where it is now.</param>
public sealed record GuestArrived(VmId Vm, int Try, MigrationId? Migration, HostId Host) : EvacuationEvent;

/// <param name="Final">It is not tried again, and spends the failure budget.</param>
public sealed record GuestFailed(VmId Vm, int Try, string Code, string Detail, bool Final) : EvacuationEvent;

/// <param name="By"><c>operator</c>, <c>budget</c>, <c>deadline</c> or <c>window</c>.</param>
public sealed record EvacuationPaused(string By, string Detail) : EvacuationEvent;

/// <summary>The failures so far are forgiven; a deadline or window that paused it does not count any more.</summary>
public sealed record EvacuationResumed : EvacuationEvent;

/// <param name="StopRunning">Running migrations are cancelled; else they end by themselves.</param>
public sealed record EvacuationAborting(bool StopRunning) : EvacuationEvent;

/// <summary>Guests that had not left are planned anew; waves count from 1 again.</summary>
public sealed record EvacuationReplanned(PlanInstance Instance, EvacuationPlan Plan) : EvacuationEvent;

/// <summary>A person has these tried again, with all their tries.</summary>
public sealed record FailedRetried(IReadOnlyList<VmId> Vms) : EvacuationEvent;

/// <param name="Stays">Guests that are on the hosts still.</param>
public sealed record EvacuationEnded(EvacuationOutcome Outcome, IReadOnlyList<RemainingGuest> Stays) : EvacuationEvent;

public sealed record EvacuationClosed : EvacuationEvent;

/// <summary>A guest that is on its host still, and why.</summary>
public sealed record RemainingGuest(VmId Vm, HostId Host, string Why);
