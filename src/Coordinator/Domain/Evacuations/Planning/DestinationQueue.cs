namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>The possible hosts of a class by how busy they will be: one queue a rack, one over all. Asked with ever smaller guests, so hosts that are too full stand aside until guests are small enough.</summary>
internal sealed class DestinationQueue
{
    private readonly Func<int, bool, double> _key;
    private readonly CapacityLedger _ledger;
    private readonly Dictionary<int, Line> _lines = [];
    private readonly PlanIndex _index;
    private readonly int[] _hosts;

    public DestinationQueue(PlanIndex index, int[] hosts, Func<int, bool, double> key, CapacityLedger ledger)
    {
        (_index, _hosts, _key, _ledger) = (index, hosts, key, ledger);
        foreach (var rack in hosts.Select(h => index.Hosts[h].Rack).Append(-1).Distinct()) _lines[rack] = new Line();
        foreach (var host in _hosts)
        {
            Enqueue(-1, host);
            if (_index.Hosts[host].Rack >= 0) Enqueue(_index.Hosts[host].Rack, host);
        }
    }

    /// <summary>The least busy hosts that fit.</summary>
    /// <param name="rack">Only of this rack; -1 = of all.</param>
    /// <param name="looked">At most so many are looked at.</param>
    /// <returns>How many were written into <paramref name="found"/>.</returns>
    public int Next(int rack, double memory, Predicate<int> fits, Span<int> found, int looked)
    {
        if (!_lines.TryGetValue(rack, out var line)) return 0;
        while (line.Full.TryPeek(out var roomy, out var room) && -room >= memory)
        {
            line.Full.Dequeue();
            Enqueue(rack, roomy);
        }

        List<int> seen = [];
        var count = 0;
        while (count < found.Length && seen.Count < looked && line.Open.TryDequeue(out var host, out var at))
        {
            if (_key(host, rack >= 0) > at.Key)
            {
                Enqueue(rack, host);
                continue;
            }

            if (_ledger.Memory(host) < memory)
            {
                line.Full.Enqueue(host, -_ledger.Memory(host));
                continue;
            }

            seen.Add(host);
            if (fits(host)) found[count++] = host;
        }

        foreach (var host in seen) Enqueue(rack, host);
        return count;
    }

    private void Enqueue(int rack, int host) => _lines[rack].Open.Enqueue(host, (_key(host, rack >= 0), host));

    private sealed class Line
    {
        public PriorityQueue<int, (double Key, int Host)> Open { get; } = new();

        public PriorityQueue<int, double> Full { get; } = new();
    }
}
