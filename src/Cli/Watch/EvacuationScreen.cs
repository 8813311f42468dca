using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console;

namespace Cli.Watch;

/// <summary>
/// An evacuation on a terminal: a lane for each wave, the budget as n of N, what moves, what waits and for what, and how long it may take as a band.
/// Made to fit 24 lines; what does not is counted.
/// </summary>
internal static class EvacuationScreen
{
    private const int LaneWidth = 24;
    private const int WavesShown = 3;
    private const int GuestsShown = 3;

    public static Table Draw(EvacuationResource e, IReadOnlyCollection<EventResource> events, string? broken)
    {
        var s = e.Status;
        var table = new Table().Border(TableBorder.Rounded).AddColumn(e.Metadata.Name).AddColumn("empties " + EvacuationWords.Hosts(e));
        void Row(string name, string value) => table.AddRow(new Text(name), new Text(value));
        table.AddRow(new Text("phase"), new Text(s.Phase, new Style(Colour(s.Phase), decoration: Decoration.Bold)));
        foreach (var wave in Near(s)) Row(wave.Number == s.Wave ? $"> wave {wave.Number}" : $"  wave {wave.Number}", Lane(wave));
        Row("budget", $"{EvacuationWords.Budget(s)} failed guests spent");
        Row("time left", EvacuationWords.Eta(s));
        Some(s.Guests.Where(guest => guest.Phase is "Moving" or "Starting"), guest => Row("moving", Moving(guest)), more => Row("", $"and {more} more"));
        Some(s.WaitingOn, waiting => Row("waiting on", Waiting(waiting)), more => Row("", $"and {more} more"));
        Some(s.Guests.Where(guest => guest.Phase == "Failed"), guest => Row("failed", $"{guest.Vm}: {guest.Code}: {guest.Detail}"), more => Row("", $"and {more} more"));
        Some(s.Hosts, host => Row("host", EvacuationWords.Power(host)), more => Row("", $"and {more} more"));
        Row("verdict", s.Verdict);
        foreach (var (name, value) in LiveView.Tail("evacuation", events.Skip(Math.Max(0, events.Count - GuestsShown)), broken)) table.AddRow(name, value);
        return table;
    }

    /// <summary>One mark a guest where they fit, else in proportion: arrived, moving, waiting, failed; the words say how many.</summary>
    public static string Lane(EvacuationWave wave)
    {
        (int Count, char Mark)[] parts = [(wave.Arrived, '#'), (wave.Moving, '>'), (wave.Failed, 'x'), (wave.Waiting, '.')];
        var scale = wave.Guests > LaneWidth ? (double)LaneWidth / wave.Guests : 1;
        var lane = string.Concat(parts.Select(part => new string(part.Mark, part.Count == 0 ? 0 : Math.Max(1, (int)Math.Round(part.Count * scale)))));
        return $"{lane} {wave.Kind}: {wave.Arrived} of {wave.Guests} arrived, {wave.Moving} moving, {wave.Waiting} waiting, {wave.Failed} failed";
    }

    // The open wave, the one before it and what comes next.
    private static IEnumerable<EvacuationWave> Near(EvacuationStatus s)
    {
        var from = Math.Clamp(s.Waves.TakeWhile(wave => wave.Number < s.Wave).Count() - 1, 0, Math.Max(0, s.Waves.Count - WavesShown));
        return s.Waves.Skip(from).Take(WavesShown);
    }

    private static string Moving(EvacuationGuest guest) =>
        $"{guest.Vm} -> {guest.To}{(guest.Try > 1 ? $", try {guest.Try}" : "")}{(guest.Remaining is { } left ? $", {left} left" : guest.Phase == "Starting" ? ", starting" : "")}";

    // The planner's sentences begin with the guest: the row has its name already.
    private static string Waiting(EvacuationWaiting waiting) => $"{waiting.Vm}: {waiting.Why}";

    private static void Some<T>(IEnumerable<T> items, Action<T> show, Action<int> more)
    {
        var all = items.ToList();
        foreach (var item in all.Take(GuestsShown)) show(item);
        if (all.Count > GuestsShown) more(all.Count - GuestsShown);
    }

    private static Color Colour(string phase) => phase switch
    {
        "Completed" => Color.Green,
        "Paused" or "Incomplete" or "Aborting" or "Aborted" => Color.Yellow,
        _ => Color.Blue,
    };
}
