using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Migrations;

/// <summary>What happened in one migration. Closed family; names and shapes are for ever (additive changes only).</summary>
public abstract record MigrationEvent;

public sealed record MigrationRequested(MigrationPlan Plan) : MigrationEvent;

public sealed record PrecheckPassed(MigrationRole Role, IReadOnlyList<Problem> Warnings) : MigrationEvent;

/// <summary>The permit's owner answered; from here the destination's capacity is claimed.</summary>
public sealed record PermitObtained : MigrationEvent;

/// <summary>STARTED: permit and capacity are held; the hosts are told to begin.</summary>
public sealed record MigrationStarted : MigrationEvent;

public sealed record DestinationPrepared(TransferEndpoint Endpoint) : MigrationEvent;

public sealed record PreCopyRoundCompleted(RoundFacts Facts, string Verdict) : MigrationEvent;

/// <summary>The source asked for the grant.</summary>
public sealed record SwitchoverForecast(TimeSpan Blackout) : MigrationEvent;

/// <summary>GRANTED: the permission to hand over, once.</summary>
public sealed record SwitchoverGranted(SwitchoverToken Token) : MigrationEvent;

/// <summary>A person wants the switchover whatever the forecast.</summary>
public sealed record SwitchoverForced(string Reason) : MigrationEvent;

/// <summary>The source has INTENT on disk. Information: nothing is decided by it.</summary>
public sealed record IntentSeen : MigrationEvent;

/// <summary>The copy of COMMIT is in the log.</summary>
public sealed record CommitSeen(string Digest, TransferStats Stats) : MigrationEvent;

/// <summary>The source asked that the destination decides.</summary>
public sealed record SourceAskedRefusal(string Reason) : MigrationEvent;

/// <summary>CANCELLING: the grant cannot be taken back, the source is asked to give it back.</summary>
public sealed record MigrationCancelling(string Reason) : MigrationEvent;

/// <summary>The source's host came back with INTENT and without its memory.</summary>
public sealed record SourceHostLost : MigrationEvent;

public sealed record SourceHeld : MigrationEvent;

/// <summary>A person attested that a host is off for good.</summary>
public sealed record ParticipantWrittenOff(MigrationRole Role) : MigrationEvent;

/// <summary>The store was restored from a backup: what was decided from here on is lost. A grant may have been given, so only the hosts' words decide.</summary>
public sealed record HistoryCut(string Restore) : MigrationEvent;

/// <summary>GOFORWARD: stands in for COMMIT; the loaded copy is the last word.</summary>
public sealed record WentForward : MigrationEvent;

/// <summary>COMPLETED.</summary>
/// <param name="Word">Whose word it was.</param>
/// <param name="BlackoutMs">From pause to first vCPU, if it could be told.</param>
public sealed record MigrationCompleted(MigrationRole Word, string? Digest, double? BlackoutMs) : MigrationEvent;

/// <summary>ABORTED.</summary>
/// <param name="Word">Whose word it was; null when no grant existed and none was needed.</param>
/// <param name="GuestRuns">With the source's word: whether the guest runs there.</param>
/// <param name="Transient">Nobody's decision and worth another try.</param>
public sealed record MigrationAborted(string Code, string Reason, MigrationRole? Word, bool GuestRuns, bool Transient) : MigrationEvent;

/// <summary>LOST: a host fault destroyed the only copy.</summary>
public sealed record MigrationLost(string Reason, MigrationRole? Word) : MigrationEvent;

/// <summary>HELD: a person must decide.</summary>
public sealed record MigrationHeld(string Reason) : MigrationEvent;

/// <summary>The one audited resolution of a held migration.</summary>
/// <param name="Choice"><c>resumeSource</c> or <c>restartFromDisk</c>.</param>
public sealed record HeldResolved(string Choice, Epoch NewEpoch, string Reason, string SecondPerson) : MigrationEvent;

/// <summary>The source attested: REJECTED.</summary>
public sealed record SourceRejected(string Reason, bool GuestRuns) : MigrationEvent;

/// <summary>The source attested: RELEASED.</summary>
public sealed record SourceReleased : MigrationEvent;

/// <summary>The destination attested: OWNED.</summary>
public sealed record DestinationOwned(string Digest, double? BlackoutMs) : MigrationEvent;

/// <summary>The destination attested: REFUSED.</summary>
public sealed record DestinationRefused(string Reason) : MigrationEvent;

/// <summary>Verified or degraded.</summary>
public sealed record DestinationVerified(bool Well, string Detail) : MigrationEvent;

public sealed record PermitReturned : MigrationEvent;

/// <summary>A host shard confirmed that it counts the capacity as free again.</summary>
public sealed record ClaimReturned(MigrationRole Role) : MigrationEvent;

/// <summary>Every host that held something confirmed that it is gone. Nothing follows.</summary>
public sealed record MigrationClosed(MigrationOutcome Outcome) : MigrationEvent;
