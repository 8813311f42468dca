using Coordinator.Shared.Contracts.Api;

namespace Cli.Output;

/// <summary>An evacuation's figures on one line.</summary>
internal static class EvacuationWords
{
    private const int NamesMax = 3;

    public static string Hosts(EvacuationResource e) =>
        string.Join(", ", e.Spec.Hosts.Take(NamesMax)) + (e.Spec.Hosts.Count > NamesMax ? $" and {e.Spec.Hosts.Count - NamesMax} more" : "");

    public static string Wave(EvacuationStatus s) => $"{s.Wave} of {s.Waves.Count(wave => wave.Number > 0)}";

    public static string Budget(EvacuationStatus s) => $"{s.Budget.Spent} of {s.Budget.Of}";

    /// <summary>A band, never one figure.</summary>
    public static string Eta(EvacuationStatus s) => s.Eta is not { } eta ? "-"
        : Words.Duration(eta.P50Seconds) is var likely && Words.Duration(eta.P90Seconds) is var late && likely != late ? $"{likely} to {late}" : $"about {likely}";

    /// <summary>The last line of every view that is made for people.</summary>
    public static string Conclusion(EvacuationResource e)
    {
        var (s, c) = (e.Status, e.Status.Counts);
        var stays = s.Stays.Count == 0 ? "" : $"; not empty: {s.Stays.Count} guests stay: {string.Join(", ", s.Stays.Take(NamesMax).Select(stay => $"{stay.Vm} ({stay.Why})"))}{(s.Stays.Count > NamesMax ? ", …" : "")}";
        return $"{e.Metadata.Name} {Hosts(e)}: {s.Phase}, {c.Arrived} of {c.Guests} guests arrived{stays}\n{string.Join('\n', s.Hosts.Select(Power))}";
    }

    public static string Power(EvacuatedHost host) => host.SafeToPowerOff ? $"{host.Name}: safe to power off" : $"{host.Name}: not safe to power off: {host.Why}";
}
