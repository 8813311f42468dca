using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Machine;

/// <summary>
/// One durable statement of this host. The journal is the only authority about what this host promised; folding its records in order
/// gives the same state on every start. Additive for ever: readers ignore unknown fields, never unknown kinds.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "record")]
[JsonDerivedType(typeof(Started), "started")]
[JsonDerivedType(typeof(Placed), "placed")]
[JsonDerivedType(typeof(VmEnded), "vmEnded")]
[JsonDerivedType(typeof(VmRan), "vmRan")]
[JsonDerivedType(typeof(OrderSeen), "orderSeen")]
[JsonDerivedType(typeof(AttemptBegun), "begun")]
[JsonDerivedType(typeof(AttemptPrepared), "prepared")]
[JsonDerivedType(typeof(IntentJournaled), "intent")]
[JsonDerivedType(typeof(AttemptRejected), "rejected")]
[JsonDerivedType(typeof(AttemptReleased), "released")]
[JsonDerivedType(typeof(AttemptOwned), "owned")]
[JsonDerivedType(typeof(AttemptRefused), "refused")]
[JsonDerivedType(typeof(HoldPromised), "hold")]
[JsonDerivedType(typeof(StoreRestored), "storeRestored")]
public abstract record JournalRecord;

/// <summary>The agent started; written before anything else is done or said.</summary>
public sealed record Started(long StartCount, string BootId) : JournalRecord;

/// <summary>OWNED by StartVm, AdoptVm or a resolution: this host may run the VM under this epoch.</summary>
public sealed record Placed(VmId Vm, Epoch Epoch, GuestSpec Spec, bool Adopted) : JournalRecord;

/// <summary>RUNNING: written after the vCPUs were started. From here on the agent only re-attaches.</summary>
public sealed record VmRan(VmId Vm, Epoch Epoch) : JournalRecord;

/// <summary>The placement ended here: stopped on order, or its process found gone; or it never began, because its order was declined. Raises <c>hi</c>.</summary>
public sealed record VmEnded(VmId Vm, Epoch Epoch, string Reason) : JournalRecord
{
    /// <summary>The reason when it ended on order.</summary>
    public const string Stopped = "stopped";
}

/// <summary>Highest order number seen for a subject.</summary>
public sealed record OrderSeen(string Subject, long Number) : JournalRecord;

/// <summary>Source accepted BEGIN; raises <c>hi</c>.</summary>
public sealed record AttemptBegun(MigrateOut Plan) : JournalRecord;

/// <summary>PREPARED: every debt below this epoch is settled, the destination can receive; raises <c>hi</c>.</summary>
public sealed record AttemptPrepared(PrepareIn Order) : JournalRecord;

/// <summary>INTENT(token): the source may send COMMIT once its hypervisor said completed.</summary>
public sealed record IntentJournaled(SignedToken Grant) : JournalRecord;

/// <summary>REJECTED; also for an attempt never heard of (raises <c>hi</c>).</summary>
public sealed record AttemptRejected(VmId Vm, MigrationId Migration, Epoch Epoch, string Reason, bool Transient) : JournalRecord;

/// <summary>RELEASED: the copy here is destroyed.</summary>
public sealed record AttemptReleased(VmId Vm, MigrationId Migration, Epoch Epoch) : JournalRecord;

/// <summary>OWNED: receiving COMMIT and writing this are one step.</summary>
public sealed record AttemptOwned(VmId Vm, MigrationId Migration, Epoch Epoch, GuestSpec Spec, string Digest, DateTimeOffset? PausedAt) : JournalRecord;

/// <summary>REFUSED: the copy was killed and seen dead; also for an attempt never heard of (raises <c>hi</c>).</summary>
public sealed record AttemptRefused(VmId Vm, MigrationId Migration, Epoch Epoch, string Reason, bool Transient) : JournalRecord;

/// <summary>HOLD: obey only the coordinator for this attempt.</summary>
public sealed record HoldPromised(VmId Vm, MigrationId Migration, Epoch Epoch) : JournalRecord;

/// <summary>The coordinator's store was restored from a backup and has kept all this host said: its order numbers begin anew.</summary>
public sealed record StoreRestored(string Restore) : JournalRecord;
