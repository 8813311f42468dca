using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Simulator.Evacuations;

/// <summary>Seeded fleets to empty hosts of. Memory is log-normal with a median of 11 GiB, 2 to 256; hot sets are 1 to 10 %.</summary>
public static class RandomInstance
{
    private const double Gibi = 1L << 30;
    private const double Gigabit = 1e9 / 8;

    /// <summary>A quarter each: oversubscribed links between racks; tight capacity; labels and groups; a labelled pool that must be made room in first.</summary>
    public static PlanInstance Of(int seed)
    {
        var draw = new Draw(Lane.Mix((ulong)seed));
        var kind = (Kind)(seed % 4);
        var (racks, perRack) = (3 + draw.Below(3), 6 + draw.Below(5));
        var hosts = Hosts(ref draw, racks, perRack);
        var drained = Drained(ref draw, hosts, perRack);
        var fill = kind == Kind.Tight ? 0.80 : 0.45;
        var guests = Guests(ref draw, hosts, drained, fill);
        if (kind == Kind.Constraints) Constrain(ref draw, hosts, guests);
        if (kind == Kind.Pool) FillPool(ref draw, hosts, guests, drained);
        var capacity = hosts.Take(perRack).Sum(h => (double)h.Link.Capacity.Value);
        var over = 1.0 + (draw.Below(30) / 10.0);
        var uplinks = Enumerable.Range(0, racks).Select(r => new PlanRack($"r{r}", new PlanLink(new ByteRate((long)(capacity / over))))).ToList();
        var core = new PlanLink(new ByteRate((long)(capacity * racks / over / (1.0 + (draw.Below(15) / 10.0)))));
        return new PlanInstance(hosts, guests, [.. drained.Order().Select(h => hosts[h].Name)], uplinks, core, SetupSeconds: 0.5 + (draw.Below(16) / 10.0), Canary: 0);
    }

    /// <summary>Hosts of one rack, alike, with links of 25 Gb/s: so many are emptied into as many others as are given.</summary>
    public static PlanInstance Plain(int seed, int emptied, int others, int guests)
    {
        var draw = new Draw(Lane.Mix((ulong)seed));
        var link = new PlanLink(new ByteRate((long)(25 * Gigabit)));
        var hosts = Enumerable.Range(0, emptied + others).Select(h => new PlanHost($"h{h}", Size(4096), 256, link)).ToList();
        // Nobody drains in step: they come in an order of their own, as many from each.
        var order = Enumerable.Range(0, guests).Select(g => (Key: Lane.Mix((ulong)((seed * 1000L) + g)), Host: g % emptied)).OrderBy(x => x.Key).Select(x => x.Host).ToList();
        var list = new List<PlanGuest>();
        for (var g = 0; g < guests; g++) list.Add(Guest(ref draw, g, hosts[order[g]]));
        return new PlanInstance(hosts, list, [.. hosts.Take(emptied).Select(h => h.Name)], SetupSeconds: 0.5, Canary: 0);
    }

    /// <summary>Racks of 20 hosts, a tenth of all to be emptied, ten guests a host on average.</summary>
    public static PlanInstance Large(int seed, int hostCount, int movers)
    {
        var draw = new Draw(Lane.Mix((ulong)seed));
        var hosts = new List<PlanHost>();
        for (var h = 0; h < hostCount; h++) hosts.Add(new PlanHost($"h{h}", Size(1536), 128, new PlanLink(new ByteRate((long)(25 * Gigabit))), $"r{h / 20}"));
        var racks = Enumerable.Range(0, (hostCount + 19) / 20).Select(r => new PlanRack($"r{r}", new PlanLink(new ByteRate((long)(250 * Gigabit))))).ToList();
        var drained = Enumerable.Range(0, Math.Max(1, hostCount / 10)).Select(d => d * 10).ToList();
        var guests = new List<PlanGuest>();
        for (var g = 0; g < movers; g++) guests.Add(Guest(ref draw, g, hosts[drained[g % drained.Count]]));
        return new PlanInstance(hosts, guests, [.. drained.Select(d => hosts[d].Name)], racks, new PlanLink(new ByteRate((long)(125 * Gigabit * racks.Count))), SetupSeconds: 0.5, Canary: 0);
    }

    private enum Kind
    {
        Core,
        Tight,
        Constraints,
        Pool,
    }

    private static List<PlanHost> Hosts(ref Draw draw, int racks, int perRack)
    {
        List<PlanHost> hosts = [];
        for (var h = 0; h < racks * perRack; h++)
        {
            var rate = (draw.Chance(300) ? 10 : 25) * Gigabit;
            var link = new PlanLink(new ByteRate((long)rate), new ByteRate((long)(rate * draw.Below(20) / 100)), new ByteRate((long)(rate * draw.Below(20) / 100)));
            hosts.Add(new PlanHost($"h{h}", Size(draw.Chance(500) ? 512 : 768), 64, link, $"r{h / perRack}"));
        }

        return hosts;
    }

    // A whole rack now and then, else hosts from anywhere.
    private static HashSet<int> Drained(ref Draw draw, List<PlanHost> hosts, int perRack)
    {
        if (draw.Chance(250)) return [.. Enumerable.Range(draw.Below(hosts.Count / perRack) * perRack, perRack)];
        HashSet<int> drained = [];
        var count = 3 + draw.Below(hosts.Count / 5);
        while (drained.Count < count) drained.Add(draw.Below(hosts.Count));
        return drained;
    }

    private static List<PlanGuest> Guests(ref Draw draw, List<PlanHost> hosts, HashSet<int> drained, double fill)
    {
        List<PlanGuest> guests = [];
        var needed = 0.0;
        foreach (var h in drained.Order()) needed += Fill(ref draw, guests, hosts[h], Usable(hosts[h]) * (0.35 + (draw.Below(35) / 100.0)));
        // What the others have free is a multiple of what comes.
        var others = Enumerable.Range(0, hosts.Count).Where(h => !drained.Contains(h)).ToList();
        var free = Math.Max(0, 1 - (needed / others.Sum(h => Usable(hosts[h])) / fill));
        foreach (var h in others) Fill(ref draw, guests, hosts[h], Usable(hosts[h]) * free * (0.9 + (draw.Below(11) / 100.0)));
        return guests;
    }

    private static double Fill(ref Draw draw, List<PlanGuest> guests, PlanHost host, double most)
    {
        var used = 0.0;
        for (var tries = 0; tries < 30; tries++)
        {
            var guest = Guest(ref draw, guests.Count, host);
            if (used + guest.Memory.Value > most) continue;
            guests.Add(guest);
            used += guest.Memory.Value;
        }

        return used;
    }

    // A fifth of the guests need a label that a third of the hosts have; some groups keep apart or together.
    private static void Constrain(ref Draw draw, List<PlanHost> hosts, List<PlanGuest> guests)
    {
        for (var h = 0; h < hosts.Count; h++)
        {
            if (draw.Below(3) == 0) hosts[h] = hosts[h] with { Labels = ["ssd"] };
        }

        var labelled = hosts.Where(h => h.Labels is not null).Select(h => h.Name).ToHashSet();
        HashSet<(string, string)> taken = [];
        for (var g = 0; g < guests.Count; g++)
        {
            if (draw.Chance(250) && (labelled.Contains(guests[g].Host) || draw.Chance(500))) guests[g] = guests[g] with { Requires = ["ssd"] };
            var group = $"apart{draw.Below(guests.Count / 3)}";
            if (draw.Chance(300) && taken.Add((group, guests[g].Host))) guests[g] = guests[g] with { AntiAffinity = group };
            else if (g > 0 && draw.Chance(60) && guests[g - 1].Host == guests[g].Host && guests[g - 1].Affinity is null) (guests[g - 1], guests[g]) = (guests[g - 1] with { Affinity = $"pair{g}" }, guests[g] with { Affinity = $"pair{g}" });
        }
    }

    // Guests that need a pool, and a pool filled by guests that could be elsewhere.
    private static void FillPool(ref Draw draw, List<PlanHost> hosts, List<PlanGuest> guests, HashSet<int> drained)
    {
        var pool = Enumerable.Range(0, hosts.Count).Where(h => !drained.Contains(h)).Where((_, i) => i % 4 == 0).ToList();
        foreach (var h in pool)
        {
            hosts[h] = hosts[h] with { Labels = ["pool"] };
            var there = guests.Where(g => g.Host == hosts[h].Name).Sum(g => (double)g.Memory.Value);
            var room = (Usable(hosts[h]) * (0.93 + (draw.Below(5) / 100.0))) - there;
            Fill(ref draw, guests, hosts[h], room);
        }

        for (var g = 0; g < guests.Count; g++)
        {
            if (drained.Contains(int.Parse(guests[g].Host[1..], System.Globalization.CultureInfo.InvariantCulture)) && draw.Chance(150)) guests[g] = guests[g] with { Requires = ["pool"] };
        }
    }

    private static PlanGuest Guest(ref Draw draw, int number, PlanHost host)
    {
        // Log-normal by the sum of twelve: sigma 0.9.
        var normal = -6.0;
        for (var i = 0; i < 12; i++) normal += draw.Below(1_000_000) / 1e6;
        var memory = Math.Clamp(11 * Gibi * Math.Exp(0.9 * normal), 2 * Gibi, 256 * Gibi);
        var hot = memory * (1 + draw.Below(10)) / 100;
        var dirty = host.Link.Capacity.Value * 0.32 * draw.Below(1000) / 1000;
        return new PlanGuest($"g{number}", host.Name, new ByteCount((long)memory), 1 + draw.Below(2), new ByteCount((long)hot), new ByteRate((long)dirty), Tier: $"L{1 + draw.Below(3)}");
    }

    private static ByteCount Size(double gibi) => new((long)(gibi * Gibi));

    private static double Usable(PlanHost host) => host.Memory.Value * (1 - HostState.MemoryReserve);
}
