using System.Globalization;

namespace Tests;

/// <summary>
/// Which part of a matrix is run: every place there is with <c>LM_FULL=1</c> (<c>./dev test --full</c>), else some, others every day.
/// <c>LM_SEED=n</c> repeats the choice of a day; each test tells it.
/// </summary>
internal static class Matrix
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("LM_FULL") == "1";

    public static int Seed { get; } = int.TryParse(Environment.GetEnvironmentVariable("LM_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given)
        ? given
        : (int)(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch).TotalDays;

    /// <summary>How to have the same choice again.</summary>
    public static string Told => IsFull ? $"LM_FULL=1 LM_SEED={Seed}" : $"LM_SEED={Seed}";

    /// <summary>Everything, or the seed's choice of so many, in the order given.</summary>
    public static IReadOnlyList<T> Of<T>(IReadOnlyList<T> all, int quick)
    {
        if (IsFull) return all;
        var chosen = Enumerable.Range(0, all.Count).ToArray();
        new Random(Seed).Shuffle(chosen);
        return [.. chosen.Take(quick).Order().Select(i => all[i])];
    }
}
