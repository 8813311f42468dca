using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>An instance with numbers for names. Links: 2h = out of host h, 2h + 1 = into it, then the same of racks, then the core.</summary>
internal sealed class PlanIndex
{
    /// <summary>Of links on one path.</summary>
    public const int RouteMax = 5;

    private readonly Dictionary<string, int> _hosts = new(StringComparer.Ordinal);

    /// <param name="instance">One that <see cref="InstanceCheck"/> has nothing against.</param>
    /// <param name="guess">What dirty rates and hot sets are multiplied with.</param>
    /// <param name="links">What the free part of links is multiplied with.</param>
    public PlanIndex(PlanInstance instance, double guess = 1, double links = 1)
    {
        Instance = instance;
        Caps = instance.Caps ?? PlanCaps.Default;
        for (var h = 0; h < instance.Hosts.Count; h++) _hosts[instance.Hosts[h].Name] = h;
        var racks = instance.Racks ?? [];
        var rackOf = Enumerable.Range(0, racks.Count).ToDictionary(r => racks[r].Name, r => r, StringComparer.Ordinal);
        var drained = instance.Empty.ToHashSet(StringComparer.Ordinal);
        Hosts = [.. instance.Hosts.Select((h, i) => PlanNode.Of(i, h, h.Rack is null ? -1 : rackOf[h.Rack], drained.Contains(h.Name)))];
        Racks = racks.Count;
        (Free, LinkNames) = Links(instance, racks, links);
        Guests = Movers(instance, guess);
        Classes = MakeClasses();
    }

    public PlanInstance Instance { get; }

    public PlanCaps Caps { get; }

    public PlanNode[] Hosts { get; }

    public Mover[] Guests { get; }

    public HostClass[] Classes { get; }

    public int Racks { get; }

    public int Groups { get; private set; }

    /// <summary>Bytes per second of each link that others do not use.</summary>
    public double[] Free { get; }

    public string[] LinkNames { get; }

    public int Core => Free.Length - 1;

    public int HostOf(string name) => _hosts[name];

    /// <summary>The links a migration crosses. Null core and a host without rack are free of limits there.</summary>
    /// <returns>How many were written.</returns>
    public int Route(int source, int destination, Span<int> links)
    {
        links[0] = 2 * source;
        links[1] = (2 * destination) + 1;
        var (from, to) = (Hosts[source].Rack, Hosts[destination].Rack);
        if (from == to && from >= 0) return 2;
        var count = 2;
        if (from >= 0) links[count++] = (2 * (Hosts.Length + from));
        if (to >= 0) links[count++] = (2 * (Hosts.Length + to)) + 1;
        links[count++] = Core;
        return count;
    }

    /// <summary>What a migration has on an idle network, bytes per second.</summary>
    public double Solo(Mover guest, int destination)
    {
        Span<int> route = stackalloc int[RouteMax];
        var rate = guest.RateMax;
        foreach (var link in route[..Route(guest.Host, destination, route)]) rate = Math.Min(rate, Free[link]);
        return rate;
    }

    private static (double[] Free, string[] Names) Links(PlanInstance instance, IReadOnlyList<PlanRack> racks, double factor)
    {
        List<double> free = [];
        List<string> names = [];
        foreach (var host in instance.Hosts) Add(host.Link, host.Name, "");
        foreach (var rack in racks) Add(rack.Link, "rack " + rack.Name, "uplink ");
        free.Add(instance.Core is { } core ? (core.Capacity.Value - core.UsedOut.Value) * factor : double.PositiveInfinity);
        names.Add("the core");
        return ([.. free], [.. names]);

        void Add(PlanLink link, string name, string kind)
        {
            free.Add((link.Capacity.Value - link.UsedOut.Value) * factor);
            names.Add($"{name}'s {kind}link out");
            free.Add((link.Capacity.Value - link.UsedIn.Value) * factor);
            names.Add($"{name}'s {kind}link in");
        }
    }

    private Mover[] Movers(PlanInstance instance, double guess)
    {
        Dictionary<string, int> apart = new(StringComparer.Ordinal), together = new(StringComparer.Ordinal);
        var movers = instance.Guests.Select((g, i) =>
        {
            var hot = Math.Min(g.Memory.Value, (g.HotSet?.Value ?? g.Memory.Value) * guess);
            return new Mover(i, g, HostOf(g.Host), g.InFlight is { } flight ? HostOf(flight.Destination) : -1)
            {
                Apart = Number(apart, g.AntiAffinity), Together = Number(together, g.Affinity), HotSet = hot, DirtyRate = g.DirtyRate.Value * guess,
            };
        }).ToArray();
        Groups = apart.Count;
        return movers;

        static int Number(Dictionary<string, int> known, string? name)
        {
            if (name is null) return -1;
            if (!known.TryGetValue(name, out var number)) known[name] = number = known.Count;
            return number;
        }
    }

    private HostClass[] MakeClasses()
    {
        Dictionary<string, int> known = new(StringComparer.Ordinal);
        List<HostClass> classes = [];
        var labels = Hosts.Select(h => (h.Host.Labels ?? []).ToHashSet(StringComparer.Ordinal)).ToArray();
        foreach (var guest in Guests)
        {
            var requires = (guest.Guest.Requires ?? []).Order(StringComparer.Ordinal).ToArray();
            var key = string.Join('\n', requires);
            if (!known.TryGetValue(key, out var number))
            {
                known[key] = number = classes.Count;
                classes.Add(new HostClass(requires, [.. Hosts.Where(h => h.Open && labels[h.Index].IsSupersetOf(requires)).Select(h => h.Index)]));
            }

            guest.Class = number;
        }

        return [.. classes];
    }
}
