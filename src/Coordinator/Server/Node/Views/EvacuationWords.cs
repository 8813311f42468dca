using System.Globalization;
using Coordinator.Domain.Evacuations;

namespace Coordinator.Server.Node.Views;

/// <summary>Where an evacuation stands, in words.</summary>
internal static class EvacuationWords
{
    public static string Phase(Evacuation s) => s.Outcome?.ToString() ?? s.Phase.ToString();

    public static string Verdict(Evacuation s, DateTimeOffset now) => s.Phase switch
    {
        EvacuationPhase.Pending => Text($"waits for its maintenance window, which opens at {s.Spec.NotBefore:u}"),
        EvacuationPhase.Running => Running(s, now),
        EvacuationPhase.Paused => $"{Paused(s)}; {(s.Counts.UnderWay == 0 ? "nothing moves" : $"{s.Counts.UnderWay} guests under way go on")}",
        EvacuationPhase.Aborting => $"nothing new starts; {s.Counts.UnderWay} guests under way {(s.StopRunning ? "are being stopped" : "go on")}",
        _ => Over(s),
    };

    private static string Running(Evacuation s, DateTimeOffset now)
    {
        var asked = s.Hosts.Where(host => host.Value == HostCordon.Asked).Select(host => host.Key).Order(StringComparer.Ordinal).ToList();
        if (asked.Count > 0) return $"cordons {string.Join(", ", asked)}";
        if (s.Counts.UnderWay == 0 && s.WaveEndedAt + TimeSpan.FromSeconds(s.Spec.SoakSeconds) is { } until && until > now)
            return Text($"wave {s.Wave} has ended; the next one opens at {until:HH:mm:ss} UTC, if nothing comes up");
        return $"wave {s.Wave} of {s.Plan.Waves.Count(wave => wave.Number > 0)}: {s.Counts.UnderWay} guests move, {s.Counts.Waiting} wait";
    }

    private static string Paused(Evacuation s) => s.PausedBy switch
    {
        "operator" => string.IsNullOrEmpty(s.PausedDetail) ? "paused by a person" : $"paused by a person: {s.PausedDetail}",
        _ => $"paused: {s.PausedDetail}",
    };

    private static string Over(Evacuation s) => s.Outcome switch
    {
        EvacuationOutcome.Completed => $"every guest has left {string.Join(", ", s.Spec.Hosts)}",
        EvacuationOutcome.Incomplete => $"not empty: {s.Counts.All - s.Counts.Arrived} guests stay",
        _ => $"ended by a person: {s.Counts.Arrived} guests had left, {s.Counts.All - s.Counts.Arrived} stay",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
