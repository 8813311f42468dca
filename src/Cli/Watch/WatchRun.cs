using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>Follows one migration to its end, as a live view, as lines, or as JSON lines.</summary>
internal static class WatchRun
{
    /// <returns>0 only if it completed.</returns>
    public static async Task<int> RunAsync(Session session, string id, int? timeoutSeconds, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeoutSeconds is { } seconds) patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            var items = new MigrationStream(session.Api, id).FollowAsync(patience.Token);
            var last = session.Format != OutputFormat.Table ? await JsonLines.ShowAsync(items)
                : session.IsFancy ? await LiveView.ShowAsync(items, patience.Token) : await PlainLines.ShowAsync(items);
            return last?.Status.Outcome == "Completed" ? ExitCodes.Done : ExitCodes.Failed;
        }
        catch (OperationCanceledException)
        {
            var interrupted = cancellation.IsCancellationRequested;
            await Console.Error.WriteLineAsync($"{(interrupted ? "interrupted" : "timed out")}: the migration goes on. Watch it again: lm migrations watch {id}; stop it: lm migrations cancel {id}");
            return interrupted ? ExitCodes.Interrupted : ExitCodes.TimedOut;
        }
    }

    /// <summary>The last line of every view that is made for people.</summary>
    public static string Conclusion(MigrationResource m)
    {
        var blackout = m.Status.BlackoutMs is null ? "" : $", blackout {Words.Milliseconds(m.Status.BlackoutMs)}";
        var host = m.Status.Outcome switch { "Completed" => $", runs on {m.Spec.Destination}", "Aborted" => $", stays on {m.Spec.Source}", _ => "" };
        return $"{m.Metadata.Name} {m.Spec.Vm}: {Printers.Outcome(m.Status)}{host}{blackout}{(m.Status.Reason is { Length: > 0 } why ? ": " + why : "")}";
    }
}
