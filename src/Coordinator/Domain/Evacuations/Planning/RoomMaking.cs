namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// Where a guest fits nowhere, guests of a possible host are moved on first: the fewest, smallest that suffice, each to where there is room, which
/// may take another such step. They are on no host that is emptied. Pure; what does not help is undone.
/// </summary>
internal sealed class RoomMaking(PlanIndex index, CapacityLedger ledger, int[] destinations, Mover?[] roomFor, Action<Mover, int, int> load)
{
    // Hosts tried for one guest, and how long a chain may be.
    private const int Tried = 16;
    private const int ChainMax = 3;

    private readonly Dictionary<int, List<Mover>> _residents = index.Guests
        .Where(g => g.Flight < 0 && g.Guest.Movable && g.Together < 0 && index.Hosts[g.Host].Open).GroupBy(g => g.Host).ToDictionary(g => g.Key, g => g.ToList());

    // In order, so that what did not help can be undone whole.
    private readonly List<(Mover Guest, int To)> _done = [];

    /// <returns>The host that has room now; -1 = none.</returns>
    public int Find(Unit unit)
    {
        if (!index.Instance.MakeRoom || unit.Movers.Length > 1) return -1;
        return Find(unit.First, unit.First, unit.Bound >= 0 ? [unit.Bound] : index.Classes[unit.First.Class].Hosts, 1, []);
    }

    private int Find(Mover guest, Mover beneficiary, int[] hosts, int depth, HashSet<int> busy)
    {
        foreach (var host in hosts.Where(h => index.Hosts[h].Open && h != guest.Host && !busy.Contains(h)).OrderByDescending(ledger.Memory).ThenBy(h => h).Take(Tried))
        {
            var before = _done.Count;
            busy.Add(host);
            while (ledger.Fit(guest, host) != Misfit.None && MoveOne(guest, beneficiary, host, depth, busy)) { }
            busy.Remove(host);
            if (ledger.Fit(guest, host) == Misfit.None) return host;
            while (_done.Count > before) UndoLast();
        }

        return -1;
    }

    // The smallest one that suffices alone, else the largest.
    private bool MoveOne(Mover guest, Mover beneficiary, int host, int depth, HashSet<int> busy)
    {
        var missing = guest.Memory - ledger.Memory(host);
        var conflict = ledger.Fit(guest, host) == Misfit.AntiAffinity;
        var able = Residents(host).Where(r => destinations[r.Index] < 0 && (!conflict || r.Apart == guest.Apart));
        foreach (var resident in able.OrderBy(r => r.Memory < missing).ThenBy(r => r.Memory < missing ? -r.Memory : r.Memory).ThenBy(r => r.Index).Take(Tried))
        {
            var hosts = index.Classes[resident.Class].Hosts;
            var to = hosts.Where(h => h != host && !busy.Contains(h) && ledger.Fit(resident, h) == Misfit.None).OrderByDescending(ledger.Memory).ThenBy(h => h).FirstOrDefault(-1);
            if (to < 0 && depth < ChainMax) to = Find(resident, beneficiary, hosts, depth + 1, busy);
            if (to < 0) continue;
            Move(resident, host, to, beneficiary);
            return true;
        }

        return false;
    }

    private void Move(Mover guest, int from, int to, Mover beneficiary)
    {
        ledger.Take(guest, from);
        ledger.Put(guest, to);
        destinations[guest.Index] = to;
        roomFor[guest.Index] = beneficiary;
        load(guest, to, 1);
        _done.Add((guest, to));
    }

    private void UndoLast()
    {
        var (guest, to) = _done[^1];
        _done.RemoveAt(_done.Count - 1);
        ledger.Take(guest, to);
        ledger.Put(guest, guest.Host);
        destinations[guest.Index] = -1;
        roomFor[guest.Index] = null;
        load(guest, to, -1);
    }

    private List<Mover> Residents(int host) => _residents.GetValueOrDefault(host) ?? [];
}
