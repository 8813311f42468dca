using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>Body of <c>POST /v1/migrations</c>.</summary>
/// <param name="Policy">Requirements; everything left out takes its default.</param>
/// <param name="Reason">Why, for the history.</param>
public sealed record CreateMigration(VmId Vm, HostId Destination, MigrationPolicy? Policy = null, string? Reason = null);

/// <summary>Body of <c>POST /v1/vms</c>: a VM that does not run yet gets its place and is started there.</summary>
public sealed record RegisterVm(VmId Name, HostId Host, GuestSpec Spec, string? Reason = null);

/// <summary>Body of <c>POST /v1/vms:adopt</c>: the guest already runs on that host, started by something else.</summary>
public sealed record AdoptVmRequest(VmId Name, HostId Host, GuestSpec Spec, string? Reason = null);

/// <summary>Body of <c>POST /v1/vms/{name}:start</c>. May be left out.</summary>
/// <param name="Host">Another host than the last one; null for the same.</param>
public sealed record StartVmRequest(HostId? Host = null, string? Reason = null);

/// <summary>Body of actions that need no more than a reason: cordon, uncordon, retire, stop, cancel, forceSwitchover. May be left out.</summary>
public sealed record ActionRequest(string? Reason = null);

/// <summary>Body of <c>POST /v1/migrations/{id}:resolve</c>, for a held migration.</summary>
/// <param name="Choice"><c>resumeSource</c> (accepts losing what the destination did), <c>restartFromDisk</c>, <c>wait</c>.</param>
/// <param name="Reason">Mandatory: it goes into the history.</param>
/// <param name="SecondPerson">Who agreed; mandatory for the two choices that give something up.</param>
public sealed record ResolveMigration(string Choice, string Reason, string? SecondPerson = null);

/// <summary>Body of <c>POST /v1/hosts</c>: the host's agent may connect from now on.</summary>
public sealed record EnrolHost(HostId Name, string? Reason = null);

/// <summary>Body of <c>POST /v1/hosts/{name}:writeOff</c>: the host is gone for good and its name is never used again.</summary>
/// <param name="AttestedOff">Must be true: a person has seen that the machine is off. Nothing else can know.</param>
public sealed record WriteOffHost(string Reason, bool AttestedOff);
