using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts.Evacuations;

namespace Simulator.Evacuations;

/// <summary>
/// Executes an evacuation in virtual time: set-up, pre-copy rounds and stop-and-copy of each guest over links that are shared max-min fairly. It judges
/// as it goes, by its own counts: no host beyond its reserve, no two of an anti-affinity group, nobody to a closed host, no link over its rate.
/// </summary>
public sealed class FluidRun
{
    private readonly PlanInstance _instance;
    private readonly FluidLinks _links;
    private readonly Dictionary<string, PlanGuest> _guests;
    private readonly Dictionary<string, PlanHost> _hosts;
    private readonly Dictionary<string, List<PlanGuest>> _on;
    private readonly Dictionary<string, (double Memory, double Cpus)> _free;
    private readonly List<FluidGuest> _underWay = [];
    private readonly List<string> _broken = [];
    private readonly Dictionary<string, int> _most = new(StringComparer.Ordinal);
    private readonly HashSet<string> _arrived = new(StringComparer.Ordinal);
    private double _bytes;
    private double _memory;
    private double _worst;
    private int _overCap;

    private FluidRun(PlanInstance instance)
    {
        _instance = instance;
        _links = new FluidLinks(instance);
        _guests = instance.Guests.ToDictionary(g => g.Name, StringComparer.Ordinal);
        _hosts = instance.Hosts.ToDictionary(h => h.Name, StringComparer.Ordinal);
        _on = instance.Hosts.ToDictionary(h => h.Name, _ => new List<PlanGuest>(), StringComparer.Ordinal);
        _free = instance.Hosts.ToDictionary(h => h.Name, h => (h.Memory.Value * (1 - HostState.MemoryReserve), h.Cpus * (1 - HostState.CpuReserve)), StringComparer.Ordinal);
        foreach (var guest in instance.Guests) Put(guest, guest.Host, 1);
    }

    /// <summary>Seconds from the start.</summary>
    public double Now { get; private set; }

    public int UnderWay => _underWay.Count;

    /// <param name="instance">As things truly are: a plan may have been made from other guesses.</param>
    /// <param name="moves">How many guests should arrive, those in flight too.</param>
    public static FluidResult Of(PlanInstance instance, IStartPolicy policy, int moves)
    {
        var run = new FluidRun(instance);
        foreach (var guest in instance.Guests.Where(g => g.InFlight is not null)) run.Add(guest, guest.InFlight!.Destination, 0);
        run.Play(policy);
        var finished = run._arrived.Count == moves;
        return new FluidResult(finished ? run.Now : double.PositiveInfinity, run._bytes, run._memory, run._worst, run._overCap, run._arrived.Count, run._broken, run._most);
    }

    public int Leaving(string host) => _underWay.Count(g => g.Guest.Host == host);

    public int Arriving(string host) => _underWay.Count(g => g.To == host);

    public double MemoryFree(string host) => _free[host].Memory;

    /// <summary>Why a host cannot take a guest at this moment; null = it can.</summary>
    public string? WhyNoRoom(string guest, string host)
    {
        var (what, where) = (_guests[guest], _hosts[host]);
        if (where.Cordoned || _instance.Empty.Contains(host)) return $"{host} is closed to {guest}";
        if (MemoryFree(host) < what.Memory.Value) return $"{host} has no memory for {guest}";
        if (_free[host].Cpus < what.Cpus - 1e-6) return $"{host} has no CPU for {guest}";
        if ((what.Requires ?? []).Except(where.Labels ?? []).Any()) return $"{host} lacks labels for {guest}";
        return what.AntiAffinity is { } group && _on[host].Exists(g => g.AntiAffinity == group) ? $"another of {group} is on {host}" : null;
    }

    /// <summary>A migration begins with its set-up.</summary>
    public void Begin(string guest, string to)
    {
        if (WhyNoRoom(guest, to) is { } broken) _broken.Add($"{Now:0.0} s: {broken}");
        if (_arrived.Contains(guest) || _underWay.Exists(g => g.Guest.Name == guest)) _broken.Add($"{Now:0.0} s: {guest} moves twice");
        Add(_guests[guest], to, Now + _instance.SetupSeconds);
    }

    private void Add(PlanGuest guest, string to, double setupEnds)
    {
        _underWay.Add(new FluidGuest(guest, to, _links.Path(guest.Host, to), setupEnds));
        Put(guest, to, 1);
        _memory += guest.InFlight?.Remaining.Value ?? guest.Memory.Value;
        Note("global", _underWay.Count);
        Note("out", Leaving(guest.Host));
        Note("in", Arriving(to));
        foreach (var link in _underWay[^1].Links.Skip(2)) Note("link", _underWay.Count(g => g.Links.Contains(link)));
        if (guest.AntiAffinity is { } group) Note("group", _underWay.Count(g => g.Guest.AntiAffinity == group));
    }

    private void Put(PlanGuest guest, string host, int sign)
    {
        if (sign > 0) _on[host].Add(guest);
        else _on[host].Remove(guest);
        var (memory, cpus) = _free[host];
        _free[host] = (memory - (sign * (double)guest.Memory.Value), cpus - (sign * guest.Cpus));
    }

    private void Note(string what, int count) => _most[what] = Math.Max(_most.GetValueOrDefault(what), count);

    private void Play(IStartPolicy policy)
    {
        while (true)
        {
            foreach (var (guest, to) in policy.Start(this)) Begin(guest, to);
            Share();
            if (Tell(policy)) continue;
            if (_underWay.Count == 0 && policy.WakeAt is null) return;
            Step(policy);
        }
    }

    private void Share()
    {
        var sending = _underWay.Where(g => g.IsSending(Now)).ToList();
        _links.Share(sending);
        var used = new double[_links.Count];
        foreach (var (guest, link) in sending.SelectMany(g => g.Links.Select(l => (g, l)))) used[link] += guest.Rate;
        for (var l = 0; l < used.Length; l++)
        {
            if (used[l] > _links.Free(l) * (1 + 1e-6)) _broken.Add($"{Now:0.0} s: link {l} over its rate");
        }
    }

    // Who will be done within a set-up time; true when somebody new was told of.
    private bool Tell(IStartPolicy policy)
    {
        var told = false;
        foreach (var guest in _underWay.Where(g => !g.ToldEnding && g.Remaining(Now) <= _instance.SetupSeconds + 1e-9))
        {
            guest.ToldEnding = told = true;
            policy.Ending(guest.Guest.Name);
        }

        return told;
    }

    private void Step(IStartPolicy policy)
    {
        var next = policy.WakeAt is { } wake && wake > Now ? wake : double.PositiveInfinity;
        foreach (var guest in _underWay)
        {
            if (guest.PausedUntil > Now) next = Math.Min(next, guest.PausedUntil);
            else if (guest.Rate > 0) next = Math.Min(next, Now + (guest.Left / guest.Rate));
            if (!guest.ToldEnding) next = Math.Min(next, Math.Max(Now + 1e-6, Now + guest.Remaining(Now) - _instance.SetupSeconds));
        }

        foreach (var guest in _underWay) guest.Advance(next - Now, Now);
        Now = next;
        foreach (var guest in _underWay) guest.Turn(Now);
        foreach (var guest in _underWay.Where(g => g.HasArrived).ToList())
        {
            _underWay.Remove(guest);
            Put(guest.Guest, guest.Guest.Host, -1);
            _arrived.Add(guest.Guest.Name);
            (_bytes, _worst) = (_bytes + guest.Sent, Math.Max(_worst, guest.Blackout));
            if (guest.IsOverCap) _overCap++;
            policy.Arrived(guest.Guest.Name, Now);
        }
    }
}
