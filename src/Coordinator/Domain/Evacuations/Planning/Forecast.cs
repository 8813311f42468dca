namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// Plays the moves through: whenever something ends, guests that the start rule lets start do so, first those whose links have most to do yet.
/// Only what waits at the hosts and shared links concerned is looked at, so the time is near-linear. Pure.
/// </summary>
internal sealed class Forecast
{
    // Of one host's waiting guests, so many are compared; of hosts held by shared links, so many are tried.
    private const int Compared = 32;
    private const int Tried = 8;

    private readonly PlanIndex _index;
    private readonly int[] _to;
    private readonly Dispatch _dispatch;
    private readonly StartRule _rule;
    private readonly Schedule _found;
    private readonly double[] _left;
    private readonly double[] _sends;
    private readonly double[] _since;
    private readonly double[] _bytes;
    private readonly int[] _version;
    private readonly List<Mover>[] _out;
    private readonly List<Mover>[] _in;
    private readonly List<Mover>[] _running;
    private readonly PriorityQueue<(Mover Guest, bool Ends, int Version), (double At, int Guest)> _events = new();
    private readonly HashSet<int> _started = [];
    private readonly HashSet<int> _ended = [];
    private double _now;
    private int _cause = -1;
    private bool _shared;

    // Hosts with guests waiting, the one with most to send last.
    private readonly SortedSet<(double Load, int Host)> _busy = [];
    private readonly List<List<Mover>> _concerned = [];

    /// <param name="to">Destination of each guest; -1 = it does not move.</param>
    public Forecast(PlanIndex index, int[] to, Dispatch dispatch)
    {
        (_index, _to, _dispatch) = (index, to, dispatch);
        _rule = new StartRule(index, dispatch.LeastShare);
        _found = new Schedule(index.Guests.Length);
        _left = new double[index.Free.Length];
        _sends = new double[index.Guests.Length];
        _since = new double[index.Guests.Length];
        _bytes = new double[index.Guests.Length];
        _version = new int[index.Guests.Length];
        _out = Lists();
        _in = Lists();
        _running = Lists();
        foreach (var guest in index.Guests.Where(g => to[g.Index] >= 0)) Ahead(guest, 1);

        List<Mover>[] Lists() => [.. Enumerable.Range(0, index.Hosts.Length).Select(_ => new List<Mover>())];
    }

    /// <param name="waves">Guests of each, in no particular order; those in flight run from the start and stand in none.</param>
    public Schedule Run(IReadOnlyList<IReadOnlyList<Mover>> waves)
    {
        Array.Fill(_found.After, -1);
        foreach (var guest in _index.Guests.Where(g => g.Flight >= 0)) Begin(guest, 0);
        foreach (var wave in waves)
        {
            if (_found.Waves.Count > 0) Soak(_now + _index.Instance.SoakSeconds);
            Wave(wave);
        }

        // With nothing to start, those in flight still end.
        while (_events.Count > 0) Next();
        _found.Makespan = _index.Guests.Where(g => _to[g.Index] >= 0 && !_found.Stuck.Contains(g)).Select(g => _found.End[g.Index]).DefaultIfEmpty(0).Max();
        return _found;
    }

    private void Soak(double until)
    {
        while (_events.TryPeek(out _, out var at) && at.At <= until) Next();
        _now = until;
    }

    private void Wave(IReadOnlyList<Mover> wave)
    {
        var begins = _now;
        foreach (var guest in wave.OrderByDescending(g => g.ToSend).ThenBy(g => g.Index))
        {
            _out[guest.Host].Add(guest);
            _in[_to[guest.Index]].Add(guest);
        }

        _cause = -1;
        foreach (var host in wave.Select(g => g.Host).Distinct()) _busy.Add((Load(host), host));
        foreach (var host in Enumerable.Range(0, _out.Length).OrderByDescending(Load).ThenBy(h => h)) Try([_out[host]]);
        foreach (var guest in wave.Where(g => !_started.Contains(g.Index))) _found.Held[guest.Index] = _rule.WhyNot(guest, _to[guest.Index]);
        var ends = begins;
        var waiting = wave.ToHashSet();
        waiting.RemoveWhere(g => _ended.Contains(g.Index));
        while (waiting.Count > 0 && _events.Count > 0)
        {
            if (Next() is not { } ended) continue;
            ends = _now;
            waiting.Remove(ended);
        }

        foreach (var stuck in waiting.OrderBy(g => g.Index))
        {
            _found.Stuck.Add(stuck);
            _out[stuck.Host].Remove(stuck);
            _in[_to[stuck.Index]].Remove(stuck);
        }

        _found.Waves.Add((begins, ends));
    }

    // One event; the guest that ended by it, if one did.
    private Mover? Next()
    {
        _events.TryDequeue(out var e, out var at);
        if (e.Version != _version[e.Guest.Index]) return null;
        _now = at.At;
        _cause = e.Guest.Index;
        var to = _to[e.Guest.Index];
        if (e.Ends)
        {
            _rule.Finish(e.Guest, to);
            _running[e.Guest.Host].Remove(e.Guest);
            _running[to].Remove(e.Guest);
            _found.End[e.Guest.Index] = _now;
            _ended.Add(e.Guest.Index);
            Ahead(e.Guest, -1);
        }
        else
        {
            _rule.Ending(e.Guest, to);
        }

        TryAround(e.Guest.Host, to);
        if (!e.Ends) return null;
        foreach (var neighbour in _running[e.Guest.Host]) Raise(neighbour);
        foreach (var neighbour in _running[to]) Raise(neighbour);
        return e.Guest;
    }

    private void TryAround(int source, int to)
    {
        _concerned.Clear();
        _concerned.AddRange([_out[source], _in[to], _in[source]]);
        if (_shared)
        {
            foreach (var (_, host) in _busy.Reverse())
            {
                if (host == source || _rule.Claimed(2 * host) > 0.9 * _index.Free[2 * host]) continue;
                _concerned.Add(_out[host]);
                if (_concerned.Count == Tried + 3) break;
            }
        }

        Try(_concerned);
    }

    // Starts as many as may, the most urgent first.
    private void Try(List<List<Mover>> concerned)
    {
        while (true)
        {
            var (best, urgency) = ((Mover?)null, (int.MinValue, double.NegativeInfinity));
            foreach (var waiting in concerned)
            {
                for (var i = 0; i < waiting.Count && i < Compared; i++)
                {
                    var guest = waiting[i];
                    var hold = _rule.WhyNot(guest, _to[guest.Index]);
                    if (hold.Kind != HoldKind.None)
                    {
                        _shared |= hold.Kind is HoldKind.GlobalCap or HoldKind.GroupCap or HoldKind.LinkCap || hold.Place >= 2 * _index.Hosts.Length;
                        if (hold.Kind is HoldKind.GlobalCap or HoldKind.HostOutCap || (hold.Kind == HoldKind.LinkFull && hold.Place == 2 * guest.Host)) i += waiting == _out[guest.Host] ? Compared : 0;
                        continue;
                    }

                    var its = (guest.Guest.Priority, Urgency(guest));
                    if (its.CompareTo(urgency) > 0) (best, urgency) = (guest, its);
                }
            }

            if (best is null) return;
            Start(best);
        }
    }

    private void Start(Mover guest)
    {
        var to = _to[guest.Index];
        _out[guest.Host].Remove(guest);
        _in[to].Remove(guest);
        if (_out[guest.Host].Count == 0) _busy.Remove((Load(guest.Host), guest.Host));
        _rule.Start(guest, to);
        _found.After[guest.Index] = _cause;
        Begin(guest, _index.Instance.SetupSeconds);
    }

    private void Begin(Mover guest, double setup)
    {
        var to = _to[guest.Index];
        var transfer = PreCopy.At(guest, _rule.RateOf(guest));
        _found.Start[guest.Index] = _now;
        _found.Transfers[guest.Index] = transfer;
        _found.Order.Add(guest);
        _started.Add(guest.Index);
        _running[guest.Host].Add(guest);
        _running[to].Add(guest);
        (_since[guest.Index], _bytes[guest.Index], _sends[guest.Index]) = (_now + setup, transfer.Bytes, _rule.RateOf(guest));
        Await(guest);
    }

    private void Raise(Mover guest)
    {
        var at = Math.Max(_now, _since[guest.Index]);
        if (!_rule.Raise(guest, _to[guest.Index])) return;
        _bytes[guest.Index] -= (at - _since[guest.Index]) * _sends[guest.Index];
        (_since[guest.Index], _sends[guest.Index]) = (at, _rule.RateOf(guest));
        Await(guest);
    }

    private void Await(Mover guest)
    {
        var ends = _since[guest.Index] + (_bytes[guest.Index] / _sends[guest.Index]) + PreCopy.FixedSeconds;
        var version = ++_version[guest.Index];
        _events.Enqueue((guest, true, version), (ends, guest.Index));
        _events.Enqueue((guest, false, version), (Math.Max(_now, ends - _index.Instance.SetupSeconds), guest.Index));
    }

    // Seconds that its links have before them, and its own.
    private double Urgency(Mover guest)
    {
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        var (sum, worst) = (guest.ToSend / _index.Solo(guest, _to[guest.Index]), 0.0);
        foreach (var link in route[.._index.Route(guest.Host, _to[guest.Index], route)])
        {
            var left = _left[link] / _index.Free[link];
            sum += left;
            worst = Math.Max(worst, left);
        }

        return _dispatch.ByWorst ? worst + (sum * 0.01) : sum;
    }

    private double Load(int host) => _left[2 * host] / _index.Free[2 * host];

    private void Ahead(Mover guest, int sign)
    {
        var waits = _busy.Remove((Load(guest.Host), guest.Host));
        Span<int> route = stackalloc int[PlanIndex.RouteMax];
        foreach (var link in route[.._index.Route(guest.Host, _to[guest.Index], route)]) _left[link] += sign * guest.ToSend;
        if (waits) _busy.Add((Load(guest.Host), guest.Host));
    }
}
