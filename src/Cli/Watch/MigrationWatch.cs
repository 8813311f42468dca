using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>How one migration is followed to its end.</summary>
internal static class MigrationWatch
{
    /// <returns>0 only if it completed.</returns>
    public static Task<int> RunAsync(Session session, string id, int? timeoutSeconds, CancellationToken cancellation) => new WatchRun<MigrationResource>(
        "migration", id, Streams.Migration(session.Api, id), ApiJson.Default.MigrationResource, "lm migrations cancel " + id, new MigrationScreen().Draw, m => m.Status.Phase, Line, Conclusion,
        last => last?.Status.Outcome == "Completed" ? ExitCodes.Done : ExitCodes.Failed).RunAsync(session, timeoutSeconds, cancellation);

    private static string Line(MigrationResource m)
    {
        var t = m.Status.Transfer;
        var figures = t is null ? "" : $" round={m.Status.Round} remaining=\"{t.Remaining}\" sending=\"{t.Bandwidth}\" dirtying=\"{t.DirtyRate}\"";
        return $"phase={m.Status.Phase}{figures} verdict=\"{m.Status.Verdict}\"";
    }

    /// <summary>The last line of every view that is made for people.</summary>
    public static string Conclusion(MigrationResource m)
    {
        var blackout = m.Status.BlackoutMs is null ? "" : $", blackout {Words.Milliseconds(m.Status.BlackoutMs)}";
        var host = m.Status.Outcome switch { "Completed" => $", runs on {m.Spec.Destination}", "Aborted" => $", stays on {m.Spec.Source}", _ => "" };
        return $"{m.Metadata.Name} {m.Spec.Vm}: {Printers.Outcome(m.Status)}{host}{blackout}{(m.Status.Reason is { Length: > 0 } why ? ": " + why : "")}";
    }
}
