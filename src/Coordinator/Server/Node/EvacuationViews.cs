using Coordinator.Application.Projections;
using Coordinator.Server.Node.Views;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Server.Node;

/// <summary>Evacuations of the projection as resources of the API, with what hosts and migrations say of them.</summary>
internal sealed class EvacuationViews(FleetProjection fleet, FleetViews hosts, LiveSamples samples, TimeProvider clock)
{
    public EvacuationResource? Evacuation(EvacuationId id) => fleet.Evacuation(id) is { } row ? View(row) : null;

    public IReadOnlyList<EvacuationResource> Evacuations(string? host, bool openOnly, string? after, int limit)
    {
        var rows = fleet.Evacuations().AsEnumerable();
        if (after is not null) rows = rows.SkipWhile(row => row.State.Id.Value != after).Skip(1);
        return [.. rows.Where(row => (host is null || row.State.Hosts.ContainsKey(host)) && !(openOnly && row.State.IsOver)).Take(limit).Select(View)];
    }

    private EvacuationResource View(EvacuationRow row) => EvacuationView.Of(row, [.. row.State.Spec.Hosts.Select(Host)], Remaining, clock.GetUtcNow());

    private EvacuatedHost Host(HostId id) => hosts.Host(id) is { Status: { } status }
        ? new EvacuatedHost(id.Value, status.SafeToPowerOff, status.NotSafeBecause ?? "")
        : new EvacuatedHost(id.Value, false, "it is not known here");

    private ByteCount? Remaining(MigrationId id) =>
        samples.Of(id)?.Remaining ?? (fleet.Migration(id) is { Rounds: { Count: > 0 } rounds } ? rounds[^1].Dirty : null);
}
