using Cli.Output;
using Cli.Verbs;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console;

namespace Cli.Watch;

/// <summary>
/// A migration on a terminal: phase, round, what is left, what is sent, what is dirtied, their ratio and the verdict. Never a lone
/// percentage: it runs backwards with every round that the guest wins.
/// </summary>
internal sealed class MigrationScreen
{
    private const int SparkMax = 40;
    private const string Bars = "▁▂▃▄▅▆▇█";

    private readonly Queue<double> _ratios = new();

    public Table Draw(MigrationResource m, IEnumerable<EventResource> events, string? broken)
    {
        var s = m.Status;
        var table = new Table().Border(TableBorder.Rounded).AddColumn(m.Metadata.Name).AddColumn($"{m.Spec.Vm}: {m.Spec.Source} -> {m.Spec.Destination}");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        table.AddRow(new Text("phase"), new Text(s.Phase, new Style(Colour(s), decoration: Decoration.Bold)));
        if (s.Transfer is { } t)
        {
            if (t.Ratio is { } ratio) Keep(ratio);
            Row("round", Words.Of(s.Round));
            Row("remaining", t.Remaining.ToString());
            Row("sending", t.Bandwidth.ToString());
            Row("dirtying", $"{t.DirtyRate}, {Descriptions.Ratio(t)} of what is sent  {Spark()}");
        }

        if (s.ForecastMs is { } forecast) Row("blackout", $"{Words.Milliseconds(forecast)} expected, limit {m.Spec.Policy.MaxBlackoutMs} ms");
        if (s.ThrottlePercent > 0) Row("throttle", $"{s.ThrottlePercent} %");
        Row("verdict", s.Verdict);
        foreach (var waiting in s.WaitingOn) Row("waiting on", waiting);
        foreach (var (name, value) in LiveView.Tail("migration", events, broken)) table.AddRow(name, value);
        return table;
    }

    private void Keep(double ratio)
    {
        _ratios.Enqueue(ratio);
        if (_ratios.Count > SparkMax) _ratios.Dequeue();
    }

    private static Color Colour(MigrationStatus status) => status.Outcome switch
    {
        null => Color.Blue,
        "Completed" => Color.Green,
        "Aborted" => Color.Yellow,
        _ => Color.Red,
    };

    // Full height = as fast as the link: at or above it the guest wins.
    private string Spark() => string.Concat(_ratios.Select(ratio => Bars[(int)Math.Clamp(ratio * (Bars.Length - 1), 0, Bars.Length - 1)]));
}
