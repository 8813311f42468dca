using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Api;

/// <summary>
/// What the endpoints need of a coordinator: commands in, resources out. Commands return after the commit. Expected refusals arrive as
/// <see cref="RefusedException"/>, thrown at this border only.
/// </summary>
public interface IControlPlane
{
    Task<Answer<MigrationResource>> CreateMigrationAsync(CreateMigration body, Call call);

    Task<MigrationPlan> PlanMigrationAsync(CreateMigration body, Call call);

    Task<Answer<MigrationResource>> CancelMigrationAsync(MigrationId id, ActionRequest body, Call call);

    Task<Answer<MigrationResource>> ForceSwitchoverAsync(MigrationId id, ActionRequest body, Call call);

    Task<Answer<MigrationResource>> ResolveMigrationAsync(MigrationId id, ResolveMigration body, Call call);

    Task<Answer<VmResource>> RegisterVmAsync(RegisterVm body, Call call);

    Task<Answer<VmResource>> AdoptVmAsync(AdoptVmRequest body, Call call);

    Task<Answer<VmResource>> StartVmAsync(VmId id, StartVmRequest body, Call call);

    Task<Answer<VmResource>> StopVmAsync(VmId id, ActionRequest body, Call call);

    Task<Answer<HostResource>> CordonAsync(HostId id, ActionRequest body, Call call);

    Task<Answer<HostResource>> UncordonAsync(HostId id, ActionRequest body, Call call);

    Task<Answer<HostResource>> EnrolAsync(EnrolHost body, Call call);

    Task<Answer<HostResource>> RetireAsync(HostId id, ActionRequest body, Call call);

    Task<Answer<HostResource>> WriteOffAsync(HostId id, WriteOffHost body, Call call);

    MigrationResource? Migration(MigrationId id);

    HostResource? Host(HostId id);

    VmResource? Vm(VmId id);

    /// <summary>Newest first, after the row of that name.</summary>
    IReadOnlyList<MigrationResource> Migrations(MigrationFilter filter, string? after, int limit);

    /// <summary>By name.</summary>
    IReadOnlyList<HostResource> Hosts(string? after, int limit);

    /// <summary>By name.</summary>
    IReadOnlyList<VmResource> Vms(string? host, string? after, int limit);

    /// <summary>Committed events of one stream, in order, versions above <paramref name="after"/>; null if there is no such stream.</summary>
    IReadOnlyList<EventResource>? Events(string streamKey, int after, int limit);

    /// <summary>What must be well before requests make sense.</summary>
    IReadOnlyList<HealthCheck> Readiness();
}

/// <summary>A command's answer.</summary>
/// <param name="Replayed">The Idempotency-Key was seen before: this is what the first call led to.</param>
/// <param name="Pending">The wish is recorded, its outcome is a later event: 202 rather than 200.</param>
public sealed record Answer<T>(T Resource, bool Replayed = false, bool Pending = false);

/// <summary>Which migrations to list; null means any.</summary>
public sealed record MigrationFilter(string? Vm, string? Host, string? Phase, bool OpenOnly);
