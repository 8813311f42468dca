using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console;

namespace Cli.Watch;

/// <summary>
/// An evacuation on a terminal: a lane for each wave, the budget as n of N, what moves, what waits and for what, and how long it may take as a band.
/// One line each, and no more of them than the terminal has; what is not shown is counted.
/// </summary>
internal static class EvacuationScreen
{
    private const int LaneWidth = 12;

    // Borders, padding and the names of the rows.
    private const int NotForValues = 7 + 12;

    public static Table Draw(EvacuationResource e, IReadOnlyCollection<EventResource> events, string? broken) =>
        Draw(e, events, broken, AnsiConsole.Profile.Width, AnsiConsole.Profile.Height);

    public static Table Draw(EvacuationResource e, IReadOnlyCollection<EventResource> events, string? broken, int width, int height)
    {
        var s = e.Status;
        var shown = height switch { < 24 => 1, < 32 => 2, _ => 4 };
        var table = new Table().Border(TableBorder.Rounded).AddColumn(new TableColumn("evacuation").NoWrap()).AddColumn(Cut($"{e.Metadata.Name}, empties {EvacuationWords.Hosts(e)}"));
        table.AddRow(new Text("phase"), new Text(s.Phase, new Style(Colour(s.Phase), decoration: Decoration.Bold)));
        foreach (var wave in Near(s, height < 24 ? 2 : 3)) Row(wave.Number == s.Wave ? $"> wave {wave.Number}" : $"  wave {wave.Number}", Lane(wave));
        Row("budget", $"{EvacuationWords.Budget(s)} failed guests spent");
        Row("time left", EvacuationWords.Eta(s));
        Some("moving", [.. s.Guests.Where(guest => guest.Phase is "Moving" or "Starting").Select(Moving)]);
        Some("waiting on", [.. s.WaitingOn.Select(waiting => $"{waiting.Vm}: {waiting.Why}")]);
        Some("failed", [.. s.Guests.Where(guest => guest.Phase == "Failed").Select(guest => $"{guest.Vm}: {guest.Code}: {guest.Detail}")]);
        Some("host", [.. s.Hosts.Select(EvacuationWords.Power)]);
        Row("verdict", s.Verdict);
        foreach (var (name, value) in LiveView.Tail("evacuation", height < 24 ? [] : events.Skip(events.Count - 3), broken)) table.AddRow(name, value);
        return table;

        void Row(string name, string value) => table.AddRow(new Text(name), new Text(Cut(value)));

        void Some(string name, List<string> all)
        {
            for (var i = 0; i < Math.Min(all.Count, shown); i++)
            {
                var more = i == shown - 1 && all.Count > shown ? $" (and {all.Count - shown} more)" : "";
                table.AddRow(new Text(name), new Text(Cut(all[i], more.Length) + more));
            }
        }

        string Cut(string text, int keep = 0)
        {
            var room = Math.Max(20, width - NotForValues - keep);
            return text.Length <= room ? text : text[..(room - 1)] + "…";
        }
    }

    /// <summary>One mark a guest where they fit, else in proportion: arrived, moving, failed, waiting; the words say how many.</summary>
    public static string Lane(EvacuationWave wave)
    {
        (int Count, char Mark)[] parts = [(wave.Arrived, '#'), (wave.Moving, '>'), (wave.Failed, 'x'), (wave.Waiting, '.')];
        var scale = wave.Guests > LaneWidth ? (double)LaneWidth / wave.Guests : 1;
        var lane = string.Concat(parts.Select(part => new string(part.Mark, part.Count == 0 ? 0 : Math.Max(1, (int)(part.Count * scale)))));
        var kind = wave.Kind == "main" ? "" : wave.Kind + ": ";
        return $"{lane,-LaneWidth} {kind}{wave.Arrived} of {wave.Guests} arrived, {wave.Moving} moving, {wave.Waiting} waiting, {wave.Failed} failed";
    }

    // The open wave, the one before it and what comes next.
    private static IEnumerable<EvacuationWave> Near(EvacuationStatus s, int shown)
    {
        var from = Math.Clamp(s.Waves.TakeWhile(wave => wave.Number < s.Wave).Count() - 1, 0, Math.Max(0, s.Waves.Count - shown));
        return s.Waves.Skip(from).Take(shown);
    }

    private static string Moving(EvacuationGuest guest) =>
        $"{guest.Vm} -> {guest.To}{(guest.Try > 1 ? $", try {guest.Try}" : "")}{(guest.Remaining is { } left ? $", {left} left" : guest.Phase == "Starting" ? ", starting" : "")}";

    private static Color Colour(string phase) => phase switch
    {
        "Completed" => Color.Green,
        "Paused" or "Incomplete" or "Aborting" or "Aborted" => Color.Yellow,
        _ => Color.Blue,
    };
}
