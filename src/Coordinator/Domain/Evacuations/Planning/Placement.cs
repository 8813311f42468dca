namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// Chooses destinations: those with the fewest possible hosts first, among them the largest first, each to where its links are done soonest; inside
/// its rack as long as that ends within the bound, since uplinks and core are shared. Hosts wait in queues by the load of their link in and are
/// looked at a few at a time, so the time is near-linear. Pure.
/// </summary>
internal sealed class Placement
{
    // Fitting hosts compared for one guest, in its rack and outside.
    private const int Compared = 4;

    // Hosts looked at for one guest before the rest is searched in full.
    private const int Looked = 64;

    private readonly PlanIndex _index;
    private readonly CapacityLedger _ledger;
    private readonly double _bound;
    private readonly bool _tight;
    private readonly double[] _load;
    private readonly RoomMaking _roomMaking;

    /// <param name="bound">Seconds within which all links should be done.</param>
    /// <param name="tight">Room counts more than time: each goes to where it leaves the least room.</param>
    public Placement(PlanIndex index, double bound, bool tight)
    {
        (_index, _bound, _tight) = (index, bound, tight);
        _ledger = new CapacityLedger(index);
        _load = new double[index.Free.Length];
        Destinations = [.. index.Guests.Select(g => g.Flight)];
        RoomFor = new Mover?[index.Guests.Length];
        _roomMaking = new RoomMaking(index, _ledger, Destinations, RoomFor, Load);
        foreach (var guest in index.Guests.Where(g => g.Flight >= 0)) Load(guest, guest.Flight, 1);
    }

    /// <summary>Of each guest; -1 = none.</summary>
    public int[] Destinations { get; }

    /// <summary>For a guest that leaves only to make room: for whom.</summary>
    public Mover?[] RoomFor { get; }

    public List<Unit> Unplaced { get; } = [];

    /// <summary>Seconds of its busiest link.</summary>
    public double Busiest => _load.Max();

    /// <summary>What is left at the end.</summary>
    public CapacityLedger Ledger => _ledger;

    public void Place(IEnumerable<Unit> units)
    {
        foreach (var of in units.GroupBy(u => u.First.Class).OrderBy(g => _index.Classes[g.Key].Hosts.Length).ThenBy(g => g.Key))
        {
            var queue = new DestinationQueue(_index, _index.Classes[of.Key].Hosts, Key, _ledger);
            foreach (var unit in of.OrderBy(u => u.Bound < 0).ThenByDescending(u => u.Memory).ThenBy(u => u.First.Index))
            {
                var host = unit.Bound >= 0 ? (Fits(unit, unit.Bound) ? unit.Bound : -1) : _tight ? Tightest(unit) : Soonest(unit, queue);
                if (host < 0) host = _roomMaking.Find(unit);
                if (host < 0) Unplaced.Add(unit);
                else Put(unit, host);
            }
        }
    }

    /// <summary>Another host that fits as things are at the start too, and needs nobody to leave. A group's member keeps its host.</summary>
    public bool Redirect(Mover guest)
    {
        if (guest.Together >= 0) return false;
        var start = new CapacityLedger(_index);
        var (from, unit) = (Destinations[guest.Index], new Unit([guest], -1));
        var host = _index.Classes[guest.Class].Hosts.Where(h => h != from && h != guest.Host && Fits(unit, h) && start.Fit(guest, h) == Misfit.None)
            .OrderBy(h => Cost(unit, h)).ThenBy(h => h).FirstOrDefault(-1);
        if (host < 0) return false;
        GiveUp(guest, keepSource: true);
        Put(unit, host);
        return true;
    }

    /// <summary>It does not move.</summary>
    public void GiveUp(Mover guest) => GiveUp(guest, keepSource: false);

    private void GiveUp(Mover guest, bool keepSource)
    {
        var host = Destinations[guest.Index];
        _ledger.Take(guest, host);
        Load(guest, host, -1);
        Destinations[guest.Index] = -1;
        // Who leaves to make room had been taken off its host.
        if (keepSource || RoomFor[guest.Index] is null) return;
        _ledger.Put(guest, guest.Host);
        RoomFor[guest.Index] = null;
    }

    private void Put(Unit unit, int host)
    {
        foreach (var mover in unit.Movers)
        {
            _ledger.Put(mover, host);
            Destinations[mover.Index] = host;
            Load(mover, host, 1);
        }
    }

    private int Soonest(Unit unit, DestinationQueue queue)
    {
        Span<int> found = stackalloc int[2 * Compared];
        var rack = _index.Hosts[unit.First.Host].Rack;
        var (best, bestCost) = (-1, double.PositiveInfinity);
        for (var inside = rack >= 0; ; inside = false)
        {
            var count = queue.Next(inside ? rack : -1, unit.Memory, h => Fits(unit, h), found[..Compared], Looked);
            for (var i = 0; i < count; i++)
            {
                var cost = Cost(unit, found[i]);
                if (cost < bestCost) (best, bestCost) = (found[i], cost);
            }

            // Inside its rack it takes nothing from the links between racks.
            if (!inside || (best >= 0 && bestCost <= _bound)) break;
        }

        return best >= 0 ? best : _index.Classes[unit.First.Class].Hosts.Where(h => Fits(unit, h)).OrderBy(h => Cost(unit, h)).FirstOrDefault(-1);
    }

    private int Tightest(Unit unit) => _index.Classes[unit.First.Class].Hosts.Where(h => Fits(unit, h)).OrderBy(_ledger.Memory).ThenBy(h => h).FirstOrDefault(-1);

    private bool Fits(Unit unit, int host)
    {
        if (Array.Exists(unit.Movers, m => Array.BinarySearch(_index.Classes[m.Class].Hosts, host) < 0)) return false;
        if (unit.Movers.Length == 1) return _ledger.Fit(unit.First, host) == Misfit.None;
        // A group fits where its members fit one after another.
        var put = 0;
        while (put < unit.Movers.Length && _ledger.Fit(unit.Movers[put], host) == Misfit.None) _ledger.Put(unit.Movers[put++], host);
        var all = put == unit.Movers.Length;
        while (put > 0) _ledger.Take(unit.Movers[--put], host);
        return all;
    }

    // A host's place in the queue: its own link, or its rack's where that is busier. Grows only.
    private double Key(int host, bool inside)
    {
        var rack = _index.Hosts[host].Rack;
        var own = _load[(2 * host) + 1];
        return inside || rack < 0 ? own : Math.Max(own, _load[(2 * (_index.Hosts.Length + rack)) + 1]);
    }

    // Seconds until the links to the host are done; the source's own link is the same for all.
    private double Cost(Unit unit, int host)
    {
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        var cost = 0.0;
        foreach (var link in route[1.._index.Route(unit.First.Host, host, route)]) cost = Math.Max(cost, _load[link] + (unit.Memory / _index.Free[link]));
        return cost;
    }

    private void Load(Mover mover, int host, int sign)
    {
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        var count = _index.Route(mover.Host, host, route);
        var bytes = sign * PreCopy.At(mover, _index.Solo(mover, host)).Bytes;
        foreach (var link in route[..count]) _load[link] += bytes / _index.Free[link];
    }
}
