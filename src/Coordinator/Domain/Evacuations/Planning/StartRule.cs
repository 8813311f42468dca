namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// May this guest start now? Its destination has room now, all caps hold, and no link on its path is full: what those under way claim of
/// a link leaves at least half of what the guest would have alone (nearly all of it, where it would not converge with half). So links are kept
/// full and are not split, which would only send pages again. A guest whose bytes will be through within a set-up time claims no link: the next one's
/// set-up runs meanwhile; of those that are so brief from the start, a link takes a set-up time's worth.
/// </summary>
internal sealed class StartRule
{
    private readonly PlanIndex _index;
    private readonly double[] _claimed;
    private readonly double[] _rate;
    private readonly int[] _crossing;
    private readonly int[] _group;
    private readonly double[] _share;
    private readonly double[] _brief;
    private readonly double[] _briefOf;
    private readonly bool[] _claims;
    private readonly double _least;
    private int _underWay;

    /// <param name="leastShare">The half of above, as a fraction.</param>
    public StartRule(PlanIndex index, double leastShare)
    {
        (_index, _least) = (index, leastShare);
        _brief = new double[index.Free.Length];
        _briefOf = new double[index.Guests.Length];
        _claims = new bool[index.Guests.Length];
        Ledger = new CapacityLedger(index);
        _claimed = new double[index.Free.Length];
        _crossing = new int[index.Free.Length];
        _group = new int[index.Groups];
        _rate = new double[index.Guests.Length];
        _share = new double[index.Guests.Length];
        foreach (var guest in index.Guests.Where(g => g.Flight >= 0)) Claim(guest, guest.Flight);
    }

    public CapacityLedger Ledger { get; }

    /// <summary>What it claims, bytes per second.</summary>
    public double RateOf(Mover guest) => _rate[guest.Index];

    public double Claimed(int link) => _claimed[link];

    public int UnderWay => _underWay;

    public Hold WhyNot(Mover guest, int destination)
    {
        var caps = _index.Caps;
        if (_underWay >= caps.Global) return new Hold(HoldKind.GlobalCap);
        if (_crossing[2 * guest.Host] >= caps.HostOut) return new Hold(HoldKind.HostOutCap, 2 * guest.Host);
        if (_crossing[(2 * destination) + 1] >= caps.HostIn) return new Hold(HoldKind.HostInCap, (2 * destination) + 1);
        if (guest.Apart >= 0 && _group[guest.Apart] >= caps.Group) return new Hold(HoldKind.GroupCap);
        if (Ledger.Fit(guest, destination) is var misfit and not Misfit.None) return new Hold(OfCapacity(misfit));
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        route = route[.._index.Route(guest.Host, destination, route)];
        return Full(guest, destination, route);
    }

    /// <summary>It starts, at what is left for it.</summary>
    public void Start(Mover guest, int destination)
    {
        Ledger.Put(guest, destination);
        Claim(guest, destination);
    }

    /// <summary>Gives it what has become free on its path and nobody was started with.</summary>
    /// <returns>Whether it claims noticeably more now.</returns>
    public bool Raise(Mover guest, int destination)
    {
        var (before, more) = (_rate[guest.Index], double.PositiveInfinity);
        if (!_claims[guest.Index]) return false;
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        route = route[.._index.Route(guest.Host, destination, route)];
        foreach (var link in route) more = Math.Min(more, _index.Free[link] - _claimed[link]);
        more = Math.Min(more, guest.RateMax - before);
        if (more <= before * 0.01) return false;
        foreach (var link in route) _claimed[link] += more;
        _rate[guest.Index] += more;
        return true;
    }

    /// <summary>Its bytes will be through within a set-up time. Safe to repeat.</summary>
    public void Ending(Mover guest, int destination)
    {
        if (!_claims[guest.Index]) return;
        _claims[guest.Index] = false;
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        foreach (var link in route[.._index.Route(guest.Host, destination, route)]) _claimed[link] -= _rate[guest.Index];
    }

    /// <summary>It runs at its destination.</summary>
    public void Finish(Mover guest, int destination)
    {
        Ending(guest, destination);
        Ledger.Take(guest, guest.Host);
        Count(guest, destination, -1);
        if (_briefOf[guest.Index] == 0) return;
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        foreach (var link in route[.._index.Route(guest.Host, destination, route)]) _brief[link] -= _briefOf[guest.Index];
        _briefOf[guest.Index] = 0;
    }

    private Hold Full(Mover guest, int destination, Span<int> route)
    {
        var (left, tightest) = (guest.RateMax, route[0]);
        foreach (var link in route)
        {
            if (link >= 2 * _index.Hosts.Length && _crossing[link] >= _index.Caps.Link) return new Hold(HoldKind.LinkCap, link);
            if (_brief[link] > _index.Instance.SetupSeconds) return new Hold(HoldKind.LinkFull, link);
            var free = _index.Free[link] - _claimed[link];
            if (free < left) (left, tightest) = (free, link);
        }

        var solo = _index.Solo(guest, destination);
        return left >= Share(guest, solo) * solo ? Hold.None : new Hold(HoldKind.LinkFull, tightest);
    }

    private double Share(Mover guest, double solo)
    {
        ref var share = ref _share[guest.Index];
        if (share == 0)
        {
            var (alone, half) = (PreCopy.At(guest, solo), PreCopy.At(guest, solo / 2));
            share = half.Converges && half.Bytes <= alone.Bytes * 1.02 ? _least : 0.9;
        }

        return share;
    }

    private void Claim(Mover guest, int destination)
    {
        Count(guest, destination, 1);
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        route = route[.._index.Route(guest.Host, destination, route)];
        var rate = guest.RateMax;
        foreach (var link in route) rate = Math.Min(rate, _index.Free[link] - _claimed[link]);
        // In flight before this plan it may share a full link: it gets a part all the same.
        rate = Math.Max(rate, _index.Solo(guest, destination) / 8);
        _rate[guest.Index] = rate;
        var seconds = PreCopy.At(guest, rate).Seconds;
        _claims[guest.Index] = seconds > _index.Instance.SetupSeconds;
        if (!_claims[guest.Index]) _briefOf[guest.Index] = seconds;
        foreach (var link in route)
        {
            if (_claims[guest.Index]) _claimed[link] += rate;
            else _brief[link] += seconds;
        }
    }

    private void Count(Mover guest, int destination, int change)
    {
        _underWay += change;
        if (guest.Apart >= 0) _group[guest.Apart] += change;
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        foreach (var link in route[.._index.Route(guest.Host, destination, route)]) _crossing[link] += change;
    }

    private static HoldKind OfCapacity(Misfit misfit) => misfit switch
    {
        Misfit.Memory => HoldKind.Memory,
        Misfit.Cpus => HoldKind.Cpus,
        _ => HoldKind.AntiAffinity,
    };
}
