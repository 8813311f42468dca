using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>How one evacuation is followed to its end.</summary>
internal static class EvacuationWatch
{
    /// <returns>0 if every guest has left, 3 if some stay, 1 if it was aborted.</returns>
    public static Task<int> RunAsync(Session session, string id, int? timeoutSeconds, CancellationToken cancellation) => new WatchRun<EvacuationResource>(
        "evacuation", id, Streams.Evacuation(session.Api, id), ApiJson.Default.EvacuationResource, "lm evacuations cancel " + id, EvacuationScreen.Draw,
        e => (e.Status.Phase, e.Status.Wave, e.Status.Counts), Line, EvacuationWords.Conclusion, ExitCode).RunAsync(session, timeoutSeconds, cancellation);

    private static int ExitCode(EvacuationResource? last) => last?.Status.Phase switch
    {
        "Completed" => ExitCodes.Done,
        "Incomplete" => ExitCodes.Partly,
        _ => ExitCodes.Failed,
    };

    private static string Line(EvacuationResource e)
    {
        var (s, c) = (e.Status, e.Status.Counts);
        return $"phase={s.Phase} wave=\"{EvacuationWords.Wave(s)}\" arrived=\"{c.Arrived} of {c.Guests}\" moving={c.Moving} waiting={c.Waiting} failed={c.Failed} "
            + $"budget=\"{EvacuationWords.Budget(s)}\" eta=\"{EvacuationWords.Eta(s)}\" verdict=\"{s.Verdict}\"";
    }
}
