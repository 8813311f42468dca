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
}
