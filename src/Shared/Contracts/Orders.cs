using System.Text.Json.Serialization;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts;

/// <summary>
/// What a host is told to do. Level-triggered: an order is a pure function of the coordinator's state and is sent again until a report
/// answers it, so losing one costs a delay and repeating one costs nothing.
/// </summary>
/// <param name="Number">Version of the event that justified the order; the agent drops lower numbers of the same subject and repeats its answer for equal ones.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "order")]
[JsonDerivedType(typeof(StartVm), nameof(StartVm))]
[JsonDerivedType(typeof(AdoptVm), nameof(AdoptVm))]
[JsonDerivedType(typeof(StopVm), nameof(StopVm))]
[JsonDerivedType(typeof(Precheck), nameof(Precheck))]
[JsonDerivedType(typeof(PrepareIn), nameof(PrepareIn))]
[JsonDerivedType(typeof(MigrateOut), nameof(MigrateOut))]
[JsonDerivedType(typeof(SwitchOver), nameof(SwitchOver))]
[JsonDerivedType(typeof(GiveBack), nameof(GiveBack))]
[JsonDerivedType(typeof(AbortOut), nameof(AbortOut))]
[JsonDerivedType(typeof(RefuseIn), nameof(RefuseIn))]
[JsonDerivedType(typeof(GoForward), nameof(GoForward))]
[JsonDerivedType(typeof(Hold), nameof(Hold))]
[JsonDerivedType(typeof(Release), nameof(Release))]
[JsonDerivedType(typeof(ResumeSource), nameof(ResumeSource))]
[JsonDerivedType(typeof(VerifyIn), nameof(VerifyIn))]
public abstract record Order(VmId Vm, long Number)
{
    /// <summary>The order's subject: numbers are compared within it. A VM's own orders have its stream key, a migration's have the migration's.</summary>
    [JsonIgnore] public abstract string Subject { get; }
}

/// <summary>Orders about a VM's placement, outside a migration.</summary>
public abstract record VmOrder(VmId Vm, long Number, Epoch Epoch) : Order(Vm, Number)
{
    [JsonIgnore] public override string Subject => Vm.StreamKey;
}

/// <summary>Journal OWNED(epoch), start the guest, report <see cref="VmRunning"/> or <see cref="VmFailed"/>.</summary>
public sealed record StartVm(VmId Vm, long Number, Epoch Epoch, GuestSpec Spec) : VmOrder(Vm, Number, Epoch);

/// <summary>The guest already runs here without an owner: journal OWNED(epoch) and attach to it.</summary>
public sealed record AdoptVm(VmId Vm, long Number, Epoch Epoch, GuestSpec Spec) : VmOrder(Vm, Number, Epoch);

/// <summary>Destroy the guest, see it dead, report <see cref="VmStopped"/>.</summary>
public sealed record StopVm(VmId Vm, long Number, Epoch Epoch) : VmOrder(Vm, Number, Epoch);

/// <summary>Orders of one migration attempt.</summary>
public abstract record MigrationOrder(VmId Vm, long Number, MigrationId Migration, Epoch Epoch) : Order(Vm, Number)
{
    [JsonIgnore] public override string Subject => Migration.StreamKey;
}

/// <summary>Look whether the guest can leave or be received; changes nothing. Answered by <see cref="PrecheckReported"/>.</summary>
public sealed record Precheck(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, MigrationRole Role, GuestSpec Spec, MigrationPolicy Policy)
    : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>PREP: first destroy and journal everything of this VM below this epoch, then be ready to receive it. Answered by <see cref="Prepared"/> or <see cref="Refused"/>.</summary>
public sealed record PrepareIn(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, HostId Source, GuestSpec Spec, MigrationPolicy Policy)
    : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>
/// BEGIN, with the whole plan: the agent runs the rounds by itself and reports each. Sent again with a higher number to change the
/// limits in flight or to force the switchover.
/// </summary>
public sealed record MigrateOut(
    VmId Vm, long Number, MigrationId Migration, Epoch Epoch, HostId Destination, TransferEndpoint Endpoint, GuestSpec Spec, MigrationPolicy Policy, bool Force)
    : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>GRANT: the source may switch over now or later, or give the permission back by <see cref="Rejected"/>.</summary>
/// <param name="Force">Switch over at the next round whatever the forecast.</param>
public sealed record SwitchOver(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, SignedToken Grant, MigrateOut Plan, bool Force)
    : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>Please reject (a cancel after the grant): the source decides, and rejects unless COMMIT may have left.</summary>
public sealed record GiveBack(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, string Reason) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>The attempt is aborted: the source journals REJECTED and lets the guest run. Answered by <see cref="Rejected"/>.</summary>
public sealed record AbortOut(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, string Reason) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>The destination refuses unless it owns: kill the copy, see it dead, journal REFUSED. Answered by <see cref="Refused"/> or <see cref="Owned"/>.</summary>
public sealed record RefuseIn(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, string Reason) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>Stands in for COMMIT: the source's host is off and there is proof that the loaded copy is the last word.</summary>
/// <param name="Digest">COMMIT's, if its copy is in the log: the loaded copy must have it.</param>
public sealed record GoForward(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, SignedToken Grant, string? Digest = null) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>The source promises durably to obey only the coordinator from now on. Answered by <see cref="Holding"/>, or by the truth if it is past that.</summary>
public sealed record Hold(VmId Vm, long Number, MigrationId Migration, Epoch Epoch) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>The destination owns the VM, or the VM is lost: destroy the source's copy, journal RELEASED. Answered by <see cref="Released"/>.</summary>
public sealed record Release(VmId Vm, long Number, MigrationId Migration, Epoch Epoch) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>A person's resolution of a held migration, under a new epoch: the source's copy runs again.</summary>
public sealed record ResumeSource(VmId Vm, long Number, MigrationId Migration, Epoch Epoch, Epoch NewEpoch) : MigrationOrder(Vm, Number, Migration, Epoch);

/// <summary>Check that the guest that runs here now is well (its memory check, its network). Answered by <see cref="Verified"/>. Gates nothing.</summary>
public sealed record VerifyIn(VmId Vm, long Number, MigrationId Migration, Epoch Epoch) : MigrationOrder(Vm, Number, Migration, Epoch);
