using System.Globalization;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>Why something is not possible, or not yet, in sentences.</summary>
internal static class Explanation
{
    /// <param name="ledger">As all the others have been placed.</param>
    public static PlanBlocker NoPlace(PlanIndex index, CapacityLedger ledger, Mover guest)
    {
        var open = index.Hosts.Where(h => h.Open).ToList();
        var possible = index.Classes[guest.Class].Hosts;
        List<string> why = [];
        Count(index.Hosts.Count(h => h.Draining), "to be emptied");
        Count(index.Hosts.Count(h => h.Host.Cordoned && !h.Draining), "cordoned");
        Count(open.Count - possible.Length, $"without {string.Join(", ", index.Classes[guest.Class].Labels)}");
        foreach (var misfit in possible.Select(h => ledger.Fit(guest, h)).GroupBy(m => m).OrderBy(m => m.Key)) Count(misfit.Count(), Words(misfit.Key));
        var host = index.Hosts[guest.Host].Host.Name;
        var group = guest.Together >= 0 ? $" (with its affinity group {guest.Guest.Affinity})" : "";
        return new PlanBlocker(
            "destination.none", guest.Name, host, $"{guest.Name} ({new ByteCount((long)guest.Memory)}) finds no destination{group}: {string.Join(", ", why)}",
            index.Instance.MakeRoom ? "add a host, empty fewer hosts at once, or relax what the guest requires" : "allow guests of other hosts to make room, add a host, or empty fewer hosts at once");

        void Count(int hosts, string words)
        {
            if (hosts > 0) why.Add($"{hosts} {(hosts == 1 ? "host" : "hosts")} {words}");
        }
    }

    public static PlanBlocker Cycle(PlanIndex index, Mover guest, int destination) => new(
        "capacity.cycle", guest.Name, index.Hosts[guest.Host].Host.Name,
        $"{guest.Name} waits for room on {index.Hosts[destination].Host.Name}, where nobody can leave before it, and no other host can take one of them in between",
        "free some memory on a host that can take one of them for a while");

    /// <summary>Null for one that starts at once.</summary>
    public static string? Waits(PlanIndex index, Schedule schedule, Mover guest, int destination, int wave)
    {
        if (schedule.Held[guest.Index].Kind == HoldKind.None && schedule.After[guest.Index] < 0) return wave > 1 ? $"{guest.Name} waits because wave {wave - 1} goes first" : null;
        var after = schedule.After[guest.Index] is var cause and >= 0 ? $", until {index.Guests[cause].Name} {(schedule.End[cause] <= schedule.Start[guest.Index] ? "has arrived" : "is nearly done")}" : "";
        var first = wave > 1 ? $"wave {wave - 1} goes first, then " : "";
        return $"{guest.Name} waits because {first}{Reason(index, schedule.Held[guest.Index], guest, destination)}{after}";
    }

    public static string Reason(PlanIndex index, Hold hold, Mover guest, int destination)
    {
        var (source, to) = (index.Hosts[guest.Host].Host.Name, index.Hosts[destination].Host.Name);
        return hold.Kind switch
        {
            HoldKind.GlobalCap => Text($"{index.Caps.Global} migrations are under way at once"),
            HoldKind.HostOutCap => Text($"{index.Caps.HostOut} leave {source} at once"),
            HoldKind.HostInCap => Text($"{index.Caps.HostIn} arrive at {to} at once"),
            HoldKind.LinkCap => Text($"{index.Caps.Link} cross {index.LinkNames[hold.Place]} at once"),
            HoldKind.GroupCap => Text($"{index.Caps.Group} of {guest.Guest.AntiAffinity} move at once"),
            HoldKind.Memory => $"{to} has no memory free yet",
            HoldKind.Cpus => $"{to} has no CPU free yet",
            HoldKind.AntiAffinity => $"another of {guest.Guest.AntiAffinity} is still on {to}",
            HoldKind.LinkFull => $"{index.LinkNames[hold.Place]} is full",
            _ => "others whose links have more to do go first",
        };
    }

    private static string Words(Misfit misfit) => misfit switch
    {
        Misfit.Memory => "with too little memory free",
        Misfit.Cpus => "with too little CPU free",
        Misfit.AntiAffinity => "with another of its anti-affinity group",
        _ => "where it alone would fit, its group or a bound host does not",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
