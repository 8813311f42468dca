using Coordinator.Shared.Contracts.Evacuations;

namespace Simulator.Evacuations;

/// <summary>Links whose free part is shared max-min fairly: the rates of all grow together until a link is full, those on it keep what they have, and so on.</summary>
internal sealed class FluidLinks
{
    private readonly Dictionary<string, int> _hosts = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _racks = new(StringComparer.Ordinal);
    private readonly PlanInstance _instance;
    private readonly double[] _free;
    private readonly double[] _left;
    private readonly int[] _open;

    public FluidLinks(PlanInstance instance)
    {
        _instance = instance;
        List<double> free = [];
        foreach (var host in instance.Hosts) Add(_hosts, host.Name, host.Link);
        foreach (var rack in instance.Racks ?? []) Add(_racks, rack.Name, rack.Link);
        free.Add(instance.Core is { } core ? core.Capacity.Value - core.UsedOut.Value : double.PositiveInfinity);
        _free = [.. free];
        _left = new double[_free.Length];
        _open = new int[_free.Length];

        void Add(Dictionary<string, int> names, string name, PlanLink link)
        {
            names[name] = free.Count;
            free.Add(link.Capacity.Value - link.UsedOut.Value);
            free.Add(link.Capacity.Value - link.UsedIn.Value);
        }
    }

    public int Count => _free.Length;

    public double Free(int link) => _free[link];

    public int[] Path(string source, string destination)
    {
        var (from, to) = (_instance.Hosts[_hosts[source] / 2].Rack, _instance.Hosts[_hosts[destination] / 2].Rack);
        List<int> path = [_hosts[source], _hosts[destination] + 1];
        if (from is not null && from == to) return [.. path];
        if (from is not null) path.Add(_racks[from]);
        if (to is not null) path.Add(_racks[to] + 1);
        path.Add(_free.Length - 1);
        return [.. path];
    }

    public void Share(IReadOnlyList<FluidGuest> sending)
    {
        Array.Copy(_free, _left, _free.Length);
        Array.Clear(_open);
        List<FluidGuest> rising = [.. sending];
        foreach (var link in rising.SelectMany(g => g.Links)) _open[link]++;
        while (rising.Count > 0)
        {
            // The lowest level at which a link is full or somebody has all it may.
            var level = rising.Min(g => g.RateMax);
            for (var l = 0; l < _left.Length; l++)
            {
                if (_open[l] > 0) level = Math.Min(level, _left[l] / _open[l]);
            }

            var settled = rising.Where(g => g.RateMax <= level || g.Links.Any(l => _left[l] / _open[l] <= level * (1 + 1e-12))).ToList();
            foreach (var guest in settled) guest.Rate = level;
            foreach (var link in settled.SelectMany(g => g.Links))
            {
                _left[link] -= level;
                _open[link]--;
            }

            rising.RemoveAll(settled.Contains);
        }
    }
}
