using System.Text.Json.Serialization;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Restores;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>What a person or a link asks of the node. Closed family; each goes to exactly one shard.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "command")]
[JsonDerivedType(typeof(RegisterVm), nameof(RegisterVm))]
[JsonDerivedType(typeof(StartVmCommand), nameof(StartVmCommand))]
[JsonDerivedType(typeof(StopVmCommand), nameof(StopVmCommand))]
[JsonDerivedType(typeof(CreateMigration), nameof(CreateMigration))]
[JsonDerivedType(typeof(CancelMigration), nameof(CancelMigration))]
[JsonDerivedType(typeof(ForceMigration), nameof(ForceMigration))]
[JsonDerivedType(typeof(ResolveMigration), nameof(ResolveMigration))]
[JsonDerivedType(typeof(CordonHost), nameof(CordonHost))]
[JsonDerivedType(typeof(UncordonHost), nameof(UncordonHost))]
[JsonDerivedType(typeof(WriteOffHost), nameof(WriteOffHost))]
[JsonDerivedType(typeof(AdmitHost), nameof(AdmitHost))]
[JsonDerivedType(typeof(EnrolHost), nameof(EnrolHost))]
[JsonDerivedType(typeof(RetireHost), nameof(RetireHost))]
[JsonDerivedType(typeof(AnnounceRestore), nameof(AnnounceRestore))]
[JsonDerivedType(typeof(DoubtVm), nameof(DoubtVm))]
[JsonDerivedType(typeof(CutMigration), nameof(CutMigration))]
[JsonDerivedType(typeof(TellWord), nameof(TellWord))]
[JsonDerivedType(typeof(TellHost), nameof(TellHost))]
[JsonDerivedType(typeof(TrustVm), nameof(TrustVm))]
[JsonDerivedType(typeof(StartEvacuation), nameof(StartEvacuation))]
[JsonDerivedType(typeof(PauseEvacuation), nameof(PauseEvacuation))]
[JsonDerivedType(typeof(ResumeEvacuation), nameof(ResumeEvacuation))]
[JsonDerivedType(typeof(AbortEvacuation), nameof(AbortEvacuation))]
[JsonDerivedType(typeof(RetryFailed), nameof(RetryFailed))]
[JsonDerivedType(typeof(ReplanEvacuation), nameof(ReplanEvacuation))]
public abstract record Command;

public sealed record RegisterVm(VmId Vm, GuestSpec Spec, HostId Host, bool Adopt) : Command;

public sealed record StartVmCommand(VmId Vm, HostId? Host) : Command;

public sealed record StopVmCommand(VmId Vm) : Command;

/// <param name="Evacuation">Whose child it is; such a one counts its tries itself.</param>
/// <param name="Source">Where the VM must be, if that matters.</param>
public sealed record CreateMigration(VmId Vm, HostId Destination, MigrationPolicy Policy, EvacuationId? Evacuation = null, HostId? Source = null) : Command;

public sealed record CancelMigration(MigrationId Migration) : Command;

public sealed record ForceMigration(MigrationId Migration) : Command;

/// <param name="SecondPerson">Two-person rule: another one than the caller.</param>
public sealed record ResolveMigration(MigrationId Migration, string Choice, string SecondPerson) : Command;

public sealed record CordonHost(HostId Host) : Command;

/// <param name="Cordoned">Only a cordon with this reason; null = whatever its reason.</param>
public sealed record UncordonHost(HostId Host, string? Cordoned = null) : Command;

public sealed record WriteOffHost(HostId Host) : Command;

/// <summary>A host that may connect from now on.</summary>
public sealed record EnrolHost(HostId Host) : Command;

/// <summary>A host that leaves in order.</summary>
public sealed record RetireHost(HostId Host) : Command;

/// <summary>An agent said hello.</summary>
public sealed record AdmitHost(Admit Hello) : Command;

/// <summary>The store is a backup that was put back: see <see cref="StoreRestored"/>.</summary>
public sealed record AnnounceRestore(StoreRestored Restored) : Command;

/// <summary>Where this VM is now is not known: the store was restored.</summary>
public sealed record DoubtVm(VmId Vm, string Restore) : Command;

/// <summary>What became of this migration is not known: the store was restored.</summary>
public sealed record CutMigration(MigrationId Migration, string Restore) : Command;

/// <summary>What a host's journal says of one VM.</summary>
public sealed record TellWord(string Restore, HostId Host, VmWord Word) : Command;

/// <summary>A host has said everything, and it is stored; or it is written off.</summary>
public sealed record TellHost(string Restore, HostId Host, bool WrittenOff) : Command;

/// <summary>Every host has said everything, or is written off.</summary>
public sealed record TrustVm(VmId Vm) : Command;

/// <summary>Empty hosts by a plan that was made from the fleet as it was; refused if the plan has blockers.</summary>
public sealed record StartEvacuation(EvacuationSpec Spec, PlanInstance Instance, EvacuationPlan Plan) : Command;

/// <summary>Nothing new starts.</summary>
public sealed record PauseEvacuation(EvacuationId Evacuation) : Command;

public sealed record ResumeEvacuation(EvacuationId Evacuation) : Command;

/// <param name="StopRunning">Cancel what runs; else it ends by itself.</param>
public sealed record AbortEvacuation(EvacuationId Evacuation, bool StopRunning) : Command;

/// <summary>Guests of it that failed for good are tried again.</summary>
public sealed record RetryFailed(EvacuationId Evacuation) : Command;

/// <summary>Guests that have not left yet go by another plan.</summary>
public sealed record ReplanEvacuation(EvacuationId Evacuation, PlanInstance Instance, EvacuationPlan Plan) : Command;
