using System.Text.Json.Serialization;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>A fact from a host. Derived from its journal or observed by its drivers, sent until acknowledged, true whenever it arrives.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "report")]
[JsonDerivedType(typeof(VmRunning), nameof(VmRunning))]
[JsonDerivedType(typeof(VmFailed), nameof(VmFailed))]
[JsonDerivedType(typeof(VmStopped), nameof(VmStopped))]
[JsonDerivedType(typeof(VmGone), nameof(VmGone))]
[JsonDerivedType(typeof(VmConflict), nameof(VmConflict))]
[JsonDerivedType(typeof(PrecheckReported), nameof(PrecheckReported))]
[JsonDerivedType(typeof(Prepared), nameof(Prepared))]
[JsonDerivedType(typeof(RoundCompleted), nameof(RoundCompleted))]
[JsonDerivedType(typeof(SwitchoverReady), nameof(SwitchoverReady))]
[JsonDerivedType(typeof(IntentWritten), nameof(IntentWritten))]
[JsonDerivedType(typeof(CommitSent), nameof(CommitSent))]
[JsonDerivedType(typeof(RefusalAsked), nameof(RefusalAsked))]
[JsonDerivedType(typeof(Rejected), nameof(Rejected))]
[JsonDerivedType(typeof(SourceGone), nameof(SourceGone))]
[JsonDerivedType(typeof(Holding), nameof(Holding))]
[JsonDerivedType(typeof(Released), nameof(Released))]
[JsonDerivedType(typeof(Owned), nameof(Owned))]
[JsonDerivedType(typeof(Refused), nameof(Refused))]
[JsonDerivedType(typeof(Verified), nameof(Verified))]
public abstract record Report(VmId Vm)
{
    /// <summary>Stream that must decide on it.</summary>
    [JsonIgnore] public abstract string Subject { get; }
}

/// <summary>A fact about a VM's placement.</summary>
public abstract record VmReport(VmId Vm, Epoch Epoch) : Report(Vm)
{
    [JsonIgnore] public override string Subject => Vm.StreamKey;
}

/// <summary>The guest runs here under this epoch.</summary>
public sealed record VmRunning(VmId Vm, Epoch Epoch) : VmReport(Vm, Epoch);

/// <summary>The guest could not be started.</summary>
public sealed record VmFailed(VmId Vm, Epoch Epoch, string Reason) : VmReport(Vm, Epoch);

/// <summary>The guest was stopped on order and is seen dead.</summary>
public sealed record VmStopped(VmId Vm, Epoch Epoch) : VmReport(Vm, Epoch);

/// <summary>The guest's process is gone without an order: this host lost its memory.</summary>
public sealed record VmGone(VmId Vm, Epoch Epoch, string Reason) : VmReport(Vm, Epoch);

/// <summary>A guest runs here that this host's journal knows nothing of. Never killed automatically.</summary>
public sealed record VmConflict(VmId Vm, Epoch Epoch, string Detail) : VmReport(Vm, Epoch);

/// <summary>A fact about one migration attempt.</summary>
public abstract record MigrationReport(VmId Vm, MigrationId Migration, Epoch Epoch) : Report(Vm)
{
    [JsonIgnore] public override string Subject => Migration.StreamKey;
}

/// <summary>Result of a precheck; empty problems or only warnings mean: can be done.</summary>
public sealed record PrecheckReported(VmId Vm, MigrationId Migration, Epoch Epoch, MigrationRole Role, IReadOnlyList<Problem> Problems)
    : MigrationReport(Vm, Migration, Epoch);

/// <summary>READY: the destination journaled PREPARED and listens.</summary>
public sealed record Prepared(VmId Vm, MigrationId Migration, Epoch Epoch, TransferEndpoint Endpoint) : MigrationReport(Vm, Migration, Epoch);

/// <summary>One pre-copy round is done.</summary>
public sealed record RoundCompleted(VmId Vm, MigrationId Migration, Epoch Epoch, RoundFacts Facts, string Verdict) : MigrationReport(Vm, Migration, Epoch);

/// <summary>The predicted blackout is within the limit (or the switchover is forced): the source asks for the grant and keeps iterating.</summary>
public sealed record SwitchoverReady(VmId Vm, MigrationId Migration, Epoch Epoch, TimeSpan Forecast) : MigrationReport(Vm, Migration, Epoch);

/// <summary>INTENT is on disk. Information only: nothing is decided by it.</summary>
public sealed record IntentWritten(VmId Vm, MigrationId Migration, Epoch Epoch) : MigrationReport(Vm, Migration, Epoch);

/// <summary>CommitSeen: the copy of COMMIT, sent after the hypervisor said completed.</summary>
public sealed record CommitSent(VmId Vm, MigrationId Migration, Epoch Epoch, string Digest, TransferStats Stats) : MigrationReport(Vm, Migration, Epoch);

/// <summary>The source cannot know whether COMMIT arrived and asks that the destination decides.</summary>
public sealed record RefusalAsked(VmId Vm, MigrationId Migration, Epoch Epoch, string Reason) : MigrationReport(Vm, Migration, Epoch);

/// <summary>REJECTED is on disk and the guest runs here (or was lost with the host: <paramref name="GuestRuns"/> false).</summary>
public sealed record Rejected(VmId Vm, MigrationId Migration, Epoch Epoch, string Reason, bool GuestRuns, bool Transient) : MigrationReport(Vm, Migration, Epoch);

/// <summary>The host came back with INTENT, no REJECTED and no copy in memory.</summary>
public sealed record SourceGone(VmId Vm, MigrationId Migration, Epoch Epoch) : MigrationReport(Vm, Migration, Epoch);

/// <summary>HOLD is on disk: this source obeys only the coordinator for this attempt.</summary>
public sealed record Holding(VmId Vm, MigrationId Migration, Epoch Epoch) : MigrationReport(Vm, Migration, Epoch);

/// <summary>RELEASED is on disk and the source's copy is destroyed.</summary>
public sealed record Released(VmId Vm, MigrationId Migration, Epoch Epoch) : MigrationReport(Vm, Migration, Epoch);

/// <summary>OWNED is on disk: the destination decided, and starts the vCPUs.</summary>
/// <param name="Digest">Digest of what was received, equal to the source's.</param>
/// <param name="Blackout">From the source's pause to the first vCPU here, if both clocks allow to say it; else null.</param>
public sealed record Owned(VmId Vm, MigrationId Migration, Epoch Epoch, string Digest, TimeSpan? Blackout) : MigrationReport(Vm, Migration, Epoch);

/// <summary>REFUSED is on disk and the destination's copy is dead.</summary>
public sealed record Refused(VmId Vm, MigrationId Migration, Epoch Epoch, string Reason, bool Transient) : MigrationReport(Vm, Migration, Epoch);

/// <summary>Outcome of <see cref="VerifyIn"/>.</summary>
public sealed record Verified(VmId Vm, MigrationId Migration, Epoch Epoch, bool Well, string Detail) : MigrationReport(Vm, Migration, Epoch);
