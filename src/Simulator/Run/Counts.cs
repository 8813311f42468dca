namespace Simulator;

/// <summary>How often each thing happened: faults by kind, and the interesting cases that a run must have met at least sometimes.</summary>
public sealed class Counts
{
    private readonly Dictionary<string, long> counts = new(StringComparer.Ordinal);

    public long this[string what] => counts.GetValueOrDefault(what);

    /// <summary>Sorted by name.</summary>
    public IReadOnlyDictionary<string, long> All => new SortedDictionary<string, long>(counts, StringComparer.Ordinal);

    public long Total => counts.Values.Sum();

    public void Add(string what, long times = 1) => System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrAddDefault(counts, what, out _) += times;

    public void Add(Counts others)
    {
        foreach (var (what, times) in others.counts) Add(what, times);
    }
}
