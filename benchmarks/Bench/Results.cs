using System.Globalization;
using System.Text.Json;

namespace Coordinator.Bench;

/// <summary>Results: one JSON object a line with <c>--json</c>, else one readable line each. Notes go to standard error.</summary>
public sealed class Results(bool json)
{
    public void Note(string text) => Console.Error.WriteLine(text);

    /// <param name="values">One per repetition; the median is the result.</param>
    /// <param name="against">What the ratio is taken against.</param>
    /// <param name="numerator">Raw figure of the last repetition, or 0 where the notes carry it.</param>
    public void Ratio(string id, IReadOnlyList<double> values, string unit, string against, double numerator, double denominator, string rawUnit)
    {
        var sorted = values.Order().ToList();
        var median = sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[(sorted.Count / 2) - 1] + sorted[sorted.Count / 2]) / 2;
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                id, value = Math.Round(median, 4), unit, against, runs = values.Count, min = Math.Round(sorted[0], 4), max = Math.Round(sorted[^1], 4), n = values.Count,
                raw = new { numerator = Math.Round(numerator, 2), denominator = Math.Round(denominator, 2), unit = rawUnit },
            }));
        }
        else
        {
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{id,-28} {median,12:0.###} {unit,-6} (min {sorted[0]:0.###}, max {sorted[^1]:0.###}, n {values.Count}) against {against}"));
        }
    }
}
