using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>One thing wrong with an instance.</summary>
/// <param name="Path">Where, as a JSON path: <c>$.guests[3].host</c>.</param>
public sealed record InstanceFault(string Path, string Detail);

/// <summary>What must hold of an instance before a plan is made from it. Pure.</summary>
public static class InstanceCheck
{
    /// <returns>Everything that is wrong, in the order of the file; empty = it can be planned.</returns>
    public static IReadOnlyList<InstanceFault> Of(PlanInstance instance)
    {
        List<InstanceFault> faults = [];
        var racks = Names(faults, "racks", instance.Racks ?? [], r => r.Name);
        var hosts = Names(faults, "hosts", instance.Hosts, h => h.Name);
        Names(faults, "guests", instance.Guests, g => g.Name);
        for (var r = 0; r < (instance.Racks?.Count ?? 0); r++) Link(faults, $"$.racks[{r}].link", instance.Racks![r].Link);
        if (instance.Core is { } core) Link(faults, "$.core", core);
        for (var h = 0; h < instance.Hosts.Count; h++) Host(faults, $"$.hosts[{h}]", instance.Hosts[h], racks);
        for (var g = 0; g < instance.Guests.Count; g++) Guest(faults, $"$.guests[{g}]", instance.Guests[g], hosts);
        for (var e = 0; e < instance.Empty.Count; e++) Known(faults, $"$.empty[{e}]", "host", instance.Empty[e], hosts);
        Settings(faults, instance);
        return faults;
    }

    private static HashSet<string> Names<T>(List<InstanceFault> faults, string field, IReadOnlyList<T> items, Func<T, string> nameOf)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var name = nameOf(items[i]);
            if (name.Length == 0) faults.Add(new($"$.{field}[{i}].name", "a name is needed"));
            else if (!names.Add(name)) faults.Add(new($"$.{field}[{i}].name", $"'{name}' is there already"));
        }

        return names;
    }

    private static void Host(List<InstanceFault> faults, string path, PlanHost host, HashSet<string> racks)
    {
        Positive(faults, path + ".memory", host.Memory.Value);
        Positive(faults, path + ".cpus", host.Cpus);
        Link(faults, path + ".link", host.Link);
        if (host.Rack is not null) Known(faults, path + ".rack", "rack", host.Rack, racks);
    }

    private static void Guest(List<InstanceFault> faults, string path, PlanGuest guest, HashSet<string> hosts)
    {
        Known(faults, path + ".host", "host", guest.Host, hosts);
        Positive(faults, path + ".memory", guest.Memory.Value);
        NotNegative(faults, path + ".cpus", guest.Cpus);
        NotNegative(faults, path + ".hotSet", guest.HotSet?.Value ?? 0);
        NotNegative(faults, path + ".dirtyRate", guest.DirtyRate.Value);
        OneOf(faults, path + ".tier", guest.Tier, "L1", "L2", "L3");
        if (guest.OnNonMigratable is { } on) OneOf(faults, path + ".onNonMigratable", on, "block", "skip", "shutdown");
        if (guest.Policy is { } policy)
        {
            Positive(faults, path + ".policy.maxBlackoutMs", policy.MaxBlackoutMs);
            Positive(faults, path + ".policy.maxRounds", policy.MaxRounds);
            if (policy.MaxBandwidth is { } most) Positive(faults, path + ".policy.maxBandwidth", most.Value);
        }

        if (guest.InFlight is not { } flight) return;
        Known(faults, path + ".inFlight.destination", "host", flight.Destination, hosts);
        Positive(faults, path + ".inFlight.remaining", flight.Remaining.Value);
        if (flight.Destination == guest.Host) faults.Add(new(path + ".inFlight.destination", "it is where the guest runs"));
    }

    private static void Settings(List<InstanceFault> faults, PlanInstance instance)
    {
        var caps = instance.Caps ?? PlanCaps.Default;
        foreach (var (name, cap) in new[] { ("global", caps.Global), ("hostOut", caps.HostOut), ("hostIn", caps.HostIn), ("link", caps.Link ?? 1), ("group", caps.Group) })
            Positive(faults, "$.caps." + name, cap);
        NotNegative(faults, "$.setupSeconds", instance.SetupSeconds);
        NotNegative(faults, "$.soakSeconds", instance.SoakSeconds);
        NotNegative(faults, "$.canary", instance.Canary);
        Positive(faults, "$.waveSize", instance.WaveSize ?? 1);
        OneOf(faults, "$.onNonMigratable", instance.OnNonMigratable, "block", "skip", "shutdown");
        if (instance.GuessError is not (>= 0 and <= 2)) faults.Add(new("$.guessError", "must be between 0 and 2"));
    }

    private static void Link(List<InstanceFault> faults, string path, PlanLink link)
    {
        Positive(faults, path + ".capacity", link.Capacity.Value);
        Used(faults, path + ".usedOut", link.UsedOut, link.Capacity);
        Used(faults, path + ".usedIn", link.UsedIn, link.Capacity);
    }

    private static void Used(List<InstanceFault> faults, string path, ByteRate used, ByteRate capacity)
    {
        if (used.Value < 0 || used >= capacity) faults.Add(new(path, "must be at least 0 and less than the link's capacity, else nothing could move"));
    }

    private static void Positive(List<InstanceFault> faults, string path, double value)
    {
        if (value is not (> 0 and < double.PositiveInfinity)) faults.Add(new(path, "must be more than 0"));
    }

    private static void NotNegative(List<InstanceFault> faults, string path, double value)
    {
        if (value is not (>= 0 and < double.PositiveInfinity)) faults.Add(new(path, "must be at least 0"));
    }

    private static void Known(List<InstanceFault> faults, string path, string kind, string name, HashSet<string> names)
    {
        if (!names.Contains(name)) faults.Add(new(path, $"there is no {kind} '{name}'"));
    }

    private static void OneOf(List<InstanceFault> faults, string path, string value, params string[] words)
    {
        if (!words.Contains(value)) faults.Add(new(path, $"'{value}' must be one of {string.Join(", ", words)}"));
    }
}
