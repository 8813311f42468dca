namespace Simulator;

/// <summary>How often each thing happened: faults by kind, and the interesting cases that a run must have met at least sometimes.</summary>
public sealed class Counts
{
    private readonly SortedDictionary<string, long> counts = new(StringComparer.Ordinal);

    public long this[string what] => counts.GetValueOrDefault(what);

    public IReadOnlyDictionary<string, long> All => counts;

    public void Add(string what, long times = 1) => counts[what] = counts.GetValueOrDefault(what) + times;

    public void Add(Counts others)
    {
        foreach (var (what, times) in others.counts) Add(what, times);
    }
}
