using Coordinator.Application.Backup;
using Coordinator.Application.Events;
using Coordinator.Application.Projections;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Node.Views;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>Rows of the projection as resources of the API.</summary>
internal sealed class FleetViews(FleetProjection fleet, IEventStore store, HostLinks links, LiveSamples samples, CoordinatorOptions options)
{
    /// <exception cref="RefusedException">It is in an archive.</exception>
    public MigrationResource? Migration(MigrationId id)
    {
        if (fleet.Migration(id) is { } row) return View(row);
        RequireHere(id.StreamKey, store.ReadStream(id.StreamKey, 0).FirstOrDefault());
        return null;
    }

    public VmResource? Vm(VmId id) => fleet.Vm(id) is { } row ? VmView.Of(row) : null;

    public HostResource? Host(HostId id) => fleet.Host(id) is { } row && IsKnown(row.State) ? HostView.Of(row, links.Of(id), fleet.Vms(), fleet.Migrations(), fleet.Evacuations()) : null;

    /// <summary>Its agent answers.</summary>
    public bool IsConnected(HostId id) => links.Of(id).Phase == "Ready";

    public IReadOnlyList<MigrationResource> Migrations(MigrationFilter filter, string? after, int limit)
    {
        var rows = fleet.Migrations().AsEnumerable();
        if (after is not null) rows = rows.SkipWhile(row => row.Plan.Id.Value != after).Skip(1);
        return [.. rows.Where(row => Matches(row, filter)).Select(View).Where(m => filter.Phase is null || m.Status.Phase == filter.Phase).Take(limit)];
    }

    public IReadOnlyList<HostResource> Hosts(string? after, int limit)
    {
        var (vms, migrations, evacuations) = (fleet.Vms(), fleet.Migrations(), fleet.Evacuations());
        return
        [
            .. fleet.Hosts().Where(row => IsKnown(row.State) && IsAfter(row.State.Id!.Value.Value, after)).Take(limit)
                .Select(row => HostView.Of(row, links.Of(row.State.Id!.Value), vms, migrations, evacuations)),
        ];
    }

    public IReadOnlyList<VmResource> Vms(string? host, string? after, int limit) =>
        [.. fleet.Vms().Where(row => IsAfter(row.State.Id.Value, after) && (host is null || row.State.Host.Value == host)).Take(limit).Select(VmView.Of)];

    public IReadOnlyList<EventResource>? Events(string streamKey, int after, int limit)
    {
        var events = store.ReadStream(streamKey, after).Take(limit).ToList();
        RequireHere(streamKey, events.FirstOrDefault());
        return events.Count > 0 || store.ReadStream(streamKey, 0).Any() ? [.. events.Select(EventResources.Of)] : null;
    }

    private void RequireHere(string streamKey, StoredEvent? some)
    {
        if (some?.Type == ArchivedEvent.Type) throw new RefusedException(ApiProblems.Archived(streamKey, ArchivedEvent.FileOf(store.ReadStream(streamKey, 0).First())!));
    }

    // A claim for a host that never was leaves a row too.
    private static bool IsKnown(HostState host) => host.JournalId is not null || host.Enrolled;

    private static bool IsAfter(string name, string? after) => after is null || string.CompareOrdinal(name, after) > 0;

    private static bool Matches(MigrationRow row, MigrationFilter filter) =>
        (filter.Vm is null || row.Plan.Vm.Value == filter.Vm)
        && (filter.Host is null || row.Plan.Source.Value == filter.Host || row.Plan.Destination.Value == filter.Host)
        && (!filter.OpenOnly || row.ClosedAt is null);

    private MigrationResource View(MigrationRow row) => MigrationView.Of(row, samples.Of(row.Plan.Id), links, options.Node);
}
