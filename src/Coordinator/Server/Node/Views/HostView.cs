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
    public static HostResource Of(HostRow row, HostLink link, IReadOnlyList<VmRow> vms, IReadOnlyList<MigrationRow> migrations, IReadOnlyList<EvacuationRow> evacuations)
    {
        var host = row.State;
        var id = host.Id!.Value;
        var here = vms.Where(vm => vm.State.Host == id).ToList();
        var unsafeBecause = WhyNotSafe(host, link, vms, here, migrations);
        var (phase, reason) = Phase(host, link, unsafeBecause is null, evacuations);
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

    private static (string Phase, string Reason) Phase(HostState host, HostLink link, bool isSafe, IReadOnlyList<EvacuationRow> evacuations)
    {
        if (host.WrittenOffReason is { } off) return ("WrittenOff", off);
        if (host.RetiredReason is { } retired) return ("Retired", retired);
        if (host.JournalId is null) return ("Enrolled", "its agent has never connected");
        return link.Phase switch
        {
            "Ready" when isSafe => ("Empty", "it can be switched off"),
            "Ready" when evacuations.FirstOrDefault(row => row.State is { IsOver: false, StartedAt: not null } e && e.Empties(host.Id!.Value)) is { State: { } e } =>
                ("Draining", $"{e.Id} empties it"),
            "Ready" => ("Ready", ""),
            "Unknown" => ("Unknown", "its agent has not connected since this coordinator started"),
            "Late" => ("Late", $"no heartbeat since {link.Since:u}"),
            _ => ("Gone", $"the link was lost at {link.Since:u}"),
        };
    }

    /// <summary>Everything that would be lost or left, and what nobody has observed; null: the machine can be switched off.</summary>
    private static string? WhyNotSafe(HostState host, HostLink link, IReadOnlyList<VmRow> vms, List<VmRow> here, IReadOnlyList<MigrationRow> migrations)
    {
        var id = host.Id!.Value;
        var open = migrations.FirstOrDefault(m => m.ClosedAt is null && (m.Plan.Source == id || m.Plan.Destination == id));
        if (open is not null) return $"{open.Plan.Id} of {open.Plan.Vm} is not closed yet";
        if (here.Find(vm => !IsOff(vm)) is { } guest) return $"{guest.State.Id} is here";
        if (host.Claims.Values.FirstOrDefault(claim => !here.Exists(vm => vm.State.Id == claim.Vm)) is { } claim) return $"{claim.Vm} still has a place here: it is being given back";
        if (host is { WrittenOffReason: null, RetiredReason: null } && Unseen(id, link, vms) is { } unseen) return unseen;
        return host.CordonReason is null ? "it still takes new guests: cordon it first" : null;
    }

    private static bool IsOff(VmRow vm) => vm.State.Power is VmPower.Stopped or VmPower.Lost;

    // What the agent said when it connected, as far as no history explains it.
    private static string? Unseen(HostId id, HostLink link, IReadOnlyList<VmRow> vms)
    {
        if (link.Elsewhere is { } node) return $"its agent is linked to {node}: ask there what it holds";
        if (link.Phase != "Ready") return $"its agent is not connected ({link.Phase}): nobody knows what it holds";
        foreach (var named in link.Guests)
        {
            var known = vms.FirstOrDefault(vm => vm.State.Id == named)?.State;
            if (known is null) return $"its agent holds {named}, which no coordinator knows: adopt it, or end it there";
            if (known.Host != id && known.Conflict is not null) return $"its agent holds {named}, which is placed on {known.Host}";
        }

        return null;
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
