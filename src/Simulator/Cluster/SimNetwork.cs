namespace Simulator;

/// <summary>
/// Links between hosts, and between each host and the coordinators: may lose, repeat, delay and reorder, and may be cut in one direction
/// or in both. Node numbers: the hosts from 0, the coordinators together are the last.
/// </summary>
public sealed class SimNetwork
{
    private readonly Timeline time;
    private readonly FaultBook faults;
    private readonly FaultTable table;
    private readonly Counts seen;
    private readonly Link[,] links;

    public SimNetwork(SimWorld world, ulong seed, SimOptions options)
    {
        (time, faults, seen, table) = (world.Time, world.Faults, world.Seen, options.Network);
        Coordinators = options.Hosts;
        links = new Link[options.Hosts + 1, options.Hosts + 1];
        for (var a = 0; a <= options.Hosts; a++)
        {
            for (var b = 0; b <= options.Hosts; b++) links[a, b] = new Link($"{Name(a)}-{Name(b)}", seed, faults);
        }
    }

    /// <summary>Number of the coordinators' end.</summary>
    public int Coordinators { get; }

    /// <summary>A message; it arrives later, or never, or twice.</summary>
    public void Send(int from, int to, Action arrive)
    {
        var link = links[from, to];
        switch (link.Place.Happens(table, out var draw))
        {
            case Fault.Dropped:
                return;
            case Fault.Repeated:
                Carry(link, draw.Ms(1, 2_000), arrive);
                break;
            case Fault.Delayed:
                Carry(link, draw.Ms(20, 4_000), arrive);
                return;
        }

        Carry(link, link.Jitter.Ms(0, 3), arrive);
    }

    /// <summary>No message gets from one to the other until then.</summary>
    public void Cut(int from, int to, TimeSpan until) => links[from, to].CutUntil = until;

    public bool IsOpen(int from, int to) => faults.IsOver || time.Elapsed >= links[from, to].CutUntil;

    private void Carry(Link link, TimeSpan delay, Action arrive)
    {
        var at = time.Elapsed + delay;
        if (at < link.LastArrival) seen.Add("message overtaken");
        else link.LastArrival = at;
        time.After(delay, () =>
        {
            if (faults.IsOver || time.Elapsed >= link.CutUntil) arrive();
        });
    }

    private string Name(int node) => node == Coordinators ? "all" : ((char)('a' + node)).ToString();

    private sealed class Link(string name, ulong seed, FaultBook faults)
    {
        public FaultPlace Place { get; } = faults.Place("net." + name);

        public Lane Jitter { get; } = new(seed, "link/" + name);

        public TimeSpan CutUntil { get; set; }

        public TimeSpan LastArrival { get; set; }
    }
}
