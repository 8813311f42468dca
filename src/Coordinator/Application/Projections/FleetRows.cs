using Coordinator.Domain.Restores;

namespace Coordinator.Application.Projections;

/// <summary>The projection's whole content, as saved.</summary>
public sealed record FleetRows(IReadOnlyList<MigrationRow> Migrations, IReadOnlyList<VmRow> Vms, IReadOnlyList<HostRow> Hosts, long Skipped, RestoreState? Restore = null, IReadOnlyList<EvacuationRow>? Evacuations = null);
