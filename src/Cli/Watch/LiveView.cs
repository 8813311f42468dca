using Cli.Api;
using Cli.Output;
using Cli.Verbs;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console;

namespace Cli.Watch;

/// <summary>
/// The live table of a terminal: phase, round, what is left, what is sent, what is dirtied, their ratio and the verdict. Never a lone
/// percentage: it runs backwards with every round that the guest wins.
/// </summary>
internal static class LiveView
{
    private const int EventsShown = 6;
    private const int SparkMax = 40;
    private const string Bars = "▁▂▃▄▅▆▇█";

    public static async Task<MigrationResource?> ShowAsync(IAsyncEnumerable<WatchItem> items, CancellationToken cancellation)
    {
        MigrationResource? last = null;
        var events = new Queue<EventResource>();
        var ratios = new Queue<double>();
        string? broken = null;
        await AnsiConsole.Live(new Text("connecting…")).AutoClear(true).StartAsync(async live =>
        {
            await foreach (var item in items.WithCancellation(cancellation))
            {
                switch (item)
                {
                    case WatchItem.Happened happened: Keep(events, happened.Event, EventsShown); break;
                    case WatchItem.Now now: (last, broken) = (now.Migration, null); break;
                    case WatchItem.End end: last = end.Migration; break;
                    case WatchItem.Broken lost: broken = lost.Reason; break;
                }

                if (item is WatchItem.Now { Migration.Status.Transfer.Ratio: { } ratio }) Keep(ratios, ratio, SparkMax);
                if (last is not null) live.UpdateTarget(Draw(last, events, ratios, broken));
            }
        });
        if (last is not null) Console.Out.WriteLine(WatchRun.Conclusion(last));
        return last;
    }

    private static void Keep<T>(Queue<T> queue, T item, int max)
    {
        queue.Enqueue(item);
        if (queue.Count > max) queue.Dequeue();
    }

    private static Table Draw(MigrationResource m, IEnumerable<EventResource> events, IEnumerable<double> ratios, string? broken)
    {
        var s = m.Status;
        var table = new Table().Border(TableBorder.Rounded).AddColumn(m.Metadata.Name).AddColumn($"{m.Spec.Vm}: {m.Spec.Source} -> {m.Spec.Destination}");
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        table.AddRow(new Text("phase"), new Text(s.Phase, new Style(Colour(s), decoration: Decoration.Bold)));
        if (s.Transfer is { } t)
        {
            Row("round", Words.Of(s.Round));
            Row("remaining", t.Remaining.ToString());
            Row("sending", t.Bandwidth.ToString());
            Row("dirtying", $"{t.DirtyRate}, {Descriptions.Ratio(t)} of what is sent  {Spark(ratios)}");
        }

        if (s.ForecastMs is { } forecast) Row("blackout", $"{Words.Milliseconds(forecast)} expected, limit {m.Spec.Policy.MaxBlackoutMs} ms");
        if (s.ThrottlePercent > 0) Row("throttle", $"{s.ThrottlePercent} %");
        Row("verdict", s.Verdict);
        foreach (var waiting in s.WaitingOn) Row("waiting on", waiting);
        if (broken is not null) table.AddRow(new Text("link"), new Text($"lost ({broken}); the migration goes on, connecting again", new Style(Color.Yellow)));
        foreach (var happened in events) table.AddRow(new Text(Words.Time(happened.At), new Style(Color.Grey)), new Text(happened.Type, new Style(Color.Grey)));
        return table;
    }

    private static Color Colour(MigrationStatus status) => status.Outcome switch
    {
        null => Color.Blue,
        "Completed" => Color.Green,
        "Aborted" => Color.Yellow,
        _ => Color.Red,
    };

    // Full height = as fast as the link: at or above it the guest wins.
    private static string Spark(IEnumerable<double> ratios) => string.Concat(ratios.Select(ratio => Bars[(int)Math.Clamp(ratio * (Bars.Length - 1), 0, Bars.Length - 1)]));
}
