using System.Globalization;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// A makespan that no schedule beats, whatever its destinations, order and rates: the largest of four kinds of bound, each proven at its
/// method. Every byte counted is one that <see cref="PreCopy.LeastBytes"/> proves. Guests moved only to make room are not counted.
/// Pure; near-linear in guests and hosts.
/// </summary>
internal sealed class BoundSearch(PlanIndex index, IReadOnlyList<Mover> movers)
{
    // Before its set-up ends a migration sends nothing, and after its last byte the fixed part of the blackout follows: both stand outside
    // the time in which links carry bytes. A guest in flight sends at once.
    private readonly double _outside = (movers.Any(m => m.Flight >= 0) ? 0 : index.Instance.SetupSeconds) + PreCopy.FixedSeconds;
    private readonly double[] _fastest = Fastest(index, movers);
    private readonly double[] _evictable = Sum(index, g => index.Instance.MakeRoom && g.Guest.Movable);
    private readonly double[] _leaving = Sum(index, g => g.Flight >= 0);
    private readonly CapacityLedger _ledger = new(index);

    public LowerBound Find()
    {
        if (movers.Count == 0) return new LowerBound(0, "guest", "nothing moves");
        var best = Guest();
        Take(Sources());
        Take(Slots());
        foreach (var c in movers.Select(m => m.Class).Distinct().Order()) Take(Cut(c, best.Seconds - _outside));
        return best with { Seconds = Math.Round(best.Seconds, 6) };

        void Take(LowerBound other)
        {
            if (other.Seconds > best.Seconds) best = other;
        }
    }

    private double Bytes(int m) => PreCopy.LeastBytes(movers[m], _fastest[m]);

    private double Alone(int m) => (movers[m].Flight >= 0 ? 0 : index.Instance.SetupSeconds) + (Bytes(m) / _fastest[m]) + PreCopy.FixedSeconds;

    // One guest: its bytes at the rate of its fastest path, alone on it.
    private LowerBound Guest()
    {
        var longest = Enumerable.Range(0, movers.Count).MaxBy(Alone);
        return new LowerBound(Alone(longest), "guest", $"{movers[longest].Name} alone: {Shown(Bytes(longest))} at {Shown(_fastest[longest])}/s at best");
    }

    // A host's link out: all bytes of its movers cross it.
    private LowerBound Sources()
    {
        var bytes = new double[index.Hosts.Length];
        for (var m = 0; m < movers.Count; m++) bytes[movers[m].Host] += Bytes(m);
        var worst = Enumerable.Range(0, bytes.Length).MaxBy(h => bytes[h] / index.Free[2 * h]);
        return new LowerBound(_outside + (bytes[worst] / index.Free[2 * worst]), "link", $"{index.LinkNames[2 * worst]}: {Shown(bytes[worst])} at {Shown(index.Free[2 * worst])}/s");
    }

    // A cap of k: each of those it is for holds a slot no shorter than it would need alone, and k slots give k seconds a second.
    private LowerBound Slots()
    {
        var (all, host, group) = (0.0, new double[index.Hosts.Length], new double[index.Groups]);
        for (var m = 0; m < movers.Count; m++)
        {
            var alone = Alone(m);
            all += alone;
            host[movers[m].Host] += alone;
            if (movers[m].Apart >= 0) group[movers[m].Apart] += alone;
        }

        var targets = Math.Max(1, index.Hosts.Count(h => h.Open) + movers.Count(m => m.Flight >= 0));
        var at = Enumerable.Range(0, host.Length).MaxBy(h => host[h]);
        List<LowerBound> found =
        [
            new(all / index.Caps.Global, "cap", $"{index.Caps.Global} migrations at once"),
            new(all / ((double)targets * index.Caps.HostIn), "cap", $"{index.Caps.HostIn} arriving at a host at once, {targets} hosts"),
            new(host[at] / index.Caps.HostOut, "cap", $"{index.Caps.HostOut} leaving {index.Hosts[at].Host.Name} at once"),
        ];
        if (group.Length > 0) found.Add(new(group.Max() / index.Caps.Group, "cap", $"{index.Caps.Group} of one anti-affinity group at once"));
        return found.MaxBy(b => b.Seconds)!;
    }

    // Cuts. In any schedule that ends within T, movers that need hosts of a set S form a flow (whose byte is whose forgotten) from their racks
    // into S: into host j at most T * its link in, and at most what it has room for in memory, times the largest growth of memory into bytes;
    // through a rack's uplink and the core at most T * theirs. In this tree such a flow exists if and only if sending inside each rack first
    // leaves a surplus that fits (a unit that leaves a rack while another enters it can be exchanged for one that stays). So the smallest
    // T for which it fits is a bound. Room: where S is not all open hosts, guests that may be moved away from a host of S are room too. Where it
    // is all, what makes room flows on into S itself, so what counts is what arrives beyond what leaves; in bytes that may be more than in
    // memory by the growth of what left. Guests in flight away from a host are room.
    private LowerBound Cut(int number, double atLeast)
    {
        var hosts = index.Classes[number].Hosts;
        var all = hosts.Length == index.Hosts.Count(h => h.Open);
        var (supply, growth) = (new double[index.Racks + index.Hosts.Length], 1.0);
        var arriving = new double[index.Hosts.Length];
        for (var m = 0; m < movers.Count; m++)
        {
            var mover = movers[m];
            if (!all && mover.Class != number) continue;
            var bytes = Bytes(m);
            supply[RackOf(mover.Host)] += bytes;
            if (mover.Flight >= 0) arriving[mover.Flight] += bytes;
            else growth = Math.Max(growth, bytes / mover.Memory);
        }

        // Those in flight go where they go: their destinations belong to S as far as they need them.
        var sinks = hosts.Union(Enumerable.Range(0, arriving.Length).Where(h => arriving[h] > 0))
            .Select(h => (Host: h, Room: arriving[h] + RoomAt(h, all, growth))).ToArray();
        var (low, high) = (0.0, Math.Max(1, atLeast));
        if (Fails(high, supply, sinks) is null) low = 0;
        else
        {
            for (var doubled = 0; Fails(high, supply, sinks) is not null; high *= 2, doubled++)
            {
                low = high;
                if (doubled > 60) return new LowerBound(0, "cut", "room");
            }
        }

        // Only what is above the bound so far is of interest.
        if (low == 0) return new LowerBound(0, "cut", "");
        while (high - low > low * 1e-7)
        {
            var middle = (low + high) / 2;
            if (Fails(middle, supply, sinks) is null) high = middle;
            else low = middle;
        }

        var labels = index.Classes[number].Labels;
        var of = all ? "" : $" for guests that need {string.Join(", ", labels)}";
        return new LowerBound(_outside + low, "cut", Fails(low, supply, sinks) + of);
    }

    private double RoomAt(int host, bool all, double growth) =>
        Math.Max(0, (Math.Max(0, _ledger.Memory(host) + _leaving[host] + (all ? 0 : _evictable[host])) * growth) + (all ? (growth - 1) * _evictable[host] : 0));

    private string? Fails(double seconds, double[] supply, (int Host, double Room)[] sinks)
    {
        var room = new double[supply.Length];
        foreach (var (host, most) in sinks) room[RackOf(host)] += Math.Min(most, seconds * index.Free[(2 * host) + 1]);
        var (surplus, takes) = (0.0, 0.0);
        for (var r = 0; r < supply.Length; r++)
        {
            var (leaves, enters) = (Math.Max(0, supply[r] - room[r]), Math.Max(0, room[r] - supply[r]));
            if (leaves > 0 && leaves > seconds * Uplink(r, 0)) return $"{index.LinkNames[2 * (index.Hosts.Length + r)]}: {Shown(leaves)} find no place in the rack in time";
            surplus += leaves;
            takes += Math.Min(enters, seconds * Uplink(r, 1));
        }

        if (surplus > seconds * index.Free[index.Core]) return $"the core: {Shown(surplus)} must leave their racks, at {Shown(index.Free[index.Core])}/s";
        return surplus > takes ? $"the {sinks.Length} destinations and their racks together: {Shown(surplus)} from other racks" : null;
    }

    private int RackOf(int host) => index.Hosts[host].Rack is var rack and >= 0 ? rack : index.Racks + host;

    private double Uplink(int rack, int direction) => rack < index.Racks ? index.Free[(2 * (index.Hosts.Length + rack)) + direction] : double.PositiveInfinity;

    // A bound from above on what a guest can be sent with.
    private static double[] Fastest(PlanIndex index, IReadOnlyList<Mover> movers)
    {
        var into = index.Classes.Select(c => c.Hosts.Length == 0 ? double.PositiveInfinity : c.Hosts.Max(h => index.Free[(2 * h) + 1])).ToArray();
        return [.. movers.Select(m => Math.Min(Math.Min(m.RateMax, index.Free[2 * m.Host]), m.Flight >= 0 ? index.Free[(2 * m.Flight) + 1] : into[m.Class]))];
    }

    private static double[] Sum(PlanIndex index, Func<Mover, bool> counts)
    {
        var bytes = new double[index.Hosts.Length];
        foreach (var guest in index.Guests)
        {
            if (counts(guest)) bytes[guest.Host] += guest.Memory;
        }

        return bytes;
    }

    private static string Shown(double bytes) => double.IsFinite(bytes) ? new ByteCount((long)bytes).ToString() : bytes.ToString(CultureInfo.InvariantCulture);
}
