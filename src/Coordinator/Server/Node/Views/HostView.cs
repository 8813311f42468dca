using System.Globalization;
using Coordinator.Application.Projections;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node.Views;

/// <summary>A host as the API shows it: its ledger from events, its link from the hub.</summary>
internal static class HostView
{
    public static HostResource Of(HostRow row, HostLink link, IReadOnlyList<VmRow> vms, IReadOnlyList<MigrationRow> migrations)
    {
        var host = row.State;
        var id = host.Id!.Value;
        var here = vms.Where(vm => vm.State.Host == id).ToList();
        var unsafeBecause = WhyNotSafe(host, id, here, migrations);
        var (phase, reason) = Phase(host, link);
        var status = new HostStatus(phase, reason)
        {
            Memory = host.Facts?.Memory,
            MemoryClaimed = host.ClaimedMemory,
            Cpus = host.Facts?.Cpus,
            CpusClaimed = host.ClaimedVcpus,
            Address = host.Facts?.Address,
            AgentVersion = link.AgentVersion,
            StartCount = host.StartCount,
            Drivers = host.Facts?.Drivers ?? [],
            Vms = [.. here.Select(vm => vm.State.Id.Value)],
            Claims = [.. host.Claims.OrderBy(claim => claim.Key, StringComparer.Ordinal).Select(claim => Claim(claim.Key, claim.Value, here))],
            Notes = host.Facts?.Notes ?? [],
            SafeToPowerOff = unsafeBecause is null,
            NotSafeBecause = unsafeBecause,
            Actions = Actions(host),
        };
        var metadata = new Metadata(id.Value, row.Version.ToString(CultureInfo.InvariantCulture), 1, row.CreatedAt);
        return new HostResource(HostResource.KindName, metadata, new HostSpec(host.CordonReason is null, host.CordonReason), status);
    }

    private static (string Phase, string Reason) Phase(HostState host, HostLink link)
    {
        if (host.WrittenOffReason is { } off) return ("WrittenOff", off);
        if (host.RetiredReason is { } retired) return ("Retired", retired);
        if (host.JournalId is null) return ("Enrolled", "its agent has never connected");
        return link.Phase switch
        {
            "Ready" => ("Ready", ""),
            "Unknown" => ("Unknown", "its agent has not connected since this coordinator started"),
            "Late" => ("Late", $"no heartbeat since {link.Since:u}"),
            _ => ("Gone", $"the link was lost at {link.Since:u}"),
        };
    }

    private static string? WhyNotSafe(HostState host, HostId id, List<VmRow> here, IReadOnlyList<MigrationRow> migrations)
    {
        var open = migrations.FirstOrDefault(m => m.ClosedAt is null && (m.Plan.Source == id || m.Plan.Destination == id));
        if (open is not null) return $"{open.Plan.Id} of {open.Plan.Vm} is not closed yet";
        if (here.Find(vm => vm.State.Power is VmPower.Running or VmPower.Starting or VmPower.Stopping) is { } guest) return $"{guest.State.Id} is here";
        return host.CordonReason is null ? "it still takes new guests: cordon it first" : null;
    }

    private static HostClaim Claim(string name, CapacityClaim what, List<VmRow> here) =>
        new(name, what.Vm.Value, what.Memory, what.Vcpus, here.Exists(vm => vm.State.Id == what.Vm));

    private static string[] Actions(HostState host) => host switch
    {
        { WrittenOffReason: not null } or { RetiredReason: not null } => [],
        { CordonReason: not null } => ["uncordon", "retire", "writeOff"],
        _ => ["cordon", "writeOff"],
    };
}
