using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Migrations;

/// <summary>What was asked for, fixed for the life of the attempt.</summary>
/// <param name="SourceClaim">The VM's capacity claim at the source, to be released once it lives at the destination.</param>
/// <param name="Try">From 1; automatic retries count on.</param>
/// <param name="RetryOf">The attempt before this one, if this is an automatic retry.</param>
/// <param name="Pool">Permit pool.</param>
/// <param name="Evacuation">Whose child it is; null for one that was asked for by itself.</param>
public sealed record MigrationPlan(
    MigrationId Id, VmId Vm, HostId Source, HostId Destination, Epoch Epoch, GuestSpec Spec, MigrationPolicy Policy,
    string SourceClaim, int Try, MigrationId? RetryOf, string Pool, EvacuationId? Evacuation = null)
{
    /// <summary>Name of the permit and of the capacity claim at the destination.</summary>
    public string Claim => Id.StreamKey;

    /// <summary>
    /// A guarded hypervisor stays stopped when it fails after the pause; only an agent with a durable REJECTED resumes it (design: hand-off 2.6).
    /// The built-in engine is guarded by construction; QEMU is treated as one that may resume by itself.
    /// </summary>
    public bool Guarded => Spec.Driver != "qemu";
}
