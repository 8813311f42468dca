namespace Coordinator.Bench;

/// <summary>How a set of durations is spread; all in the unit of what was given.</summary>
public sealed record Latency(int Count, double P50, double P90, double P99, double Max)
{
    /// <param name="samples">At least one; sorted in place.</param>
    public static Latency Of(List<double> samples)
    {
        samples.Sort();
        return new Latency(samples.Count, At(samples, 0.50), At(samples, 0.90), At(samples, 0.99), samples[^1]);
    }

    /// <summary>Nearest rank: the smallest sample that at least this share does not exceed.</summary>
    private static double At(List<double> sorted, double share) => sorted[Math.Max(0, (int)Math.Ceiling(share * sorted.Count) - 1)];
}
