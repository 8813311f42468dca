using System.Globalization;
using System.Text.Json;

namespace Coordinator.Bench;

/// <summary>One repetition: what was measured, and what it is held against (1 where the figure stands alone).</summary>
public readonly record struct Sample(double Numerator, double Denominator = 1)
{
    public double Ratio => Numerator / Denominator;
}

/// <summary>Results: one JSON object a line with <c>--json</c>, else one readable line each. Notes go to standard error.</summary>
public sealed class Results(bool json)
{
    public void Note(string text) => Console.Error.WriteLine(text);

    /// <summary>Reports the median of the repetitions, with the raw figures of that very one (of the lower of the two in the middle).</summary>
    /// <param name="samples">One a repetition, at least one.</param>
    /// <param name="against">What the ratio is taken against.</param>
    /// <param name="rawUnit">Of both raw figures.</param>
    /// <param name="n">Measurements behind the result (requests, events…), if not the repetitions themselves.</param>
    public void Ratio(string id, IReadOnlyList<Sample> samples, string unit, string against, string rawUnit, long? n = null)
    {
        var sorted = samples.OrderBy(s => s.Ratio).ToList();
        var median = sorted[(sorted.Count - 1) / 2];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                id, value = Math.Round(median.Ratio, 4), unit, against, runs = samples.Count, min = Math.Round(sorted[0].Ratio, 4), max = Math.Round(sorted[^1].Ratio, 4),
                n = n ?? samples.Count,
                raw = new { numerator = Math.Round(median.Numerator, 3), denominator = Math.Round(median.Denominator, 3), unit = rawUnit },
            }));
        }
        else
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{id,-28} {median.Ratio,12:0.###} {unit,-6} (min {sorted[0].Ratio:0.###}, max {sorted[^1].Ratio:0.###}, runs {samples.Count}) against {against}"));
        }
    }

    /// <summary>Reports the longest of many, each measured under a fault.</summary>
    public void Worst(string id, List<double> seconds, string unit, string against, IReadOnlyDictionary<string, int> faults)
    {
        var spread = Latency.Of(seconds);
        Note($"{id}: p50 {spread.P50:0.000}, p90 {spread.P90:0.000}, p99 {spread.P99:0.000}, max {spread.Max:0.000}, n {spread.Count}");
        WithFaults(id, Math.Round(spread.Max, 4), unit, against, spread.Count, Math.Round(seconds[0], 4), Math.Round(spread.Max, 4), faults);
    }

    /// <summary>Reports how often a promise was broken: 0 is the bar, and no faults at all is no proof.</summary>
    /// <param name="n">Times it could have been.</param>
    public void Safety(string id, long broken, long n, IReadOnlyDictionary<string, int> faults) => WithFaults(id, broken, "count", "0", n, broken, broken, faults);

    private void WithFaults(string id, double value, string unit, string against, long n, double min, double max, IReadOnlyDictionary<string, int> faults)
    {
        if (faults.Values.Sum() == 0) throw new InvalidOperationException($"{id}: no fault was injected, so nothing was shown");
        if (json) Console.WriteLine(JsonSerializer.Serialize(new { id, value, unit, against, runs = 1, min, max, n, faults, raw = new { numerator = value, denominator = 1, unit } }));
        else Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{id,-28} {value,12:0.###} {unit,-6} (n {n}, faults {string.Join(", ", faults.Where(f => f.Value > 0).Select(f => $"{f.Value} {f.Key}"))}) against {against}"));
    }
}
