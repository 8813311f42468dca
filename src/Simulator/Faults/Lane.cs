namespace Simulator;

/// <summary>
/// One stream of random numbers for one purpose (a link, a disk, a person), seeded by the run's seed and its own name: so a fault that is
/// left out while shrinking does not change what any other lane draws. SplitMix64 (Steele, Lea, Flood 2014).
/// </summary>
public sealed class Lane
{
    private ulong state;

    public Lane(ulong seed, string name)
    {
        state = SeedOf(seed, name);
        Next();
    }

    public ulong Next()
    {
        state += 0x9e3779b97f4a7c15UL;
        return Mix(state);
    }

    /// <summary>0 ≤ result &lt; <paramref name="below"/>.</summary>
    public int Below(int below) => (int)(Next() % (ulong)below);

    /// <summary>True in <paramref name="perMille"/> of 1,000 cases.</summary>
    public bool Chance(int perMille) => Below(1000) < perMille;

    /// <summary>Milliseconds from a range, both ends included; in steps of a microsecond, so that two things seldom happen at once.</summary>
    public TimeSpan Ms(int from, int to) => TimeSpan.FromMicroseconds((from * 1000L) + (long)(Next() % (ulong)(((to - from) * 1000) + 1)));

    internal static ulong SeedOf(ulong seed, string name)
    {
        var state = seed * 0x9e3779b97f4a7c15UL;
        foreach (var c in name) state = (state ^ c) * 0x100000001b3UL;
        return state;
    }

    internal static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9UL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebUL;
        return z ^ (z >> 31);
    }
}
