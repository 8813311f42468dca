using System.Text.Json.Serialization.Metadata;
using Cli.Api;
using Cli.Output;
using Coordinator.Shared.Contracts.Api;
using Spectre.Console.Rendering;

namespace Cli.Watch;

/// <summary>Follows one resource to its end, as a live view, as lines, or as JSON lines.</summary>
/// <param name="Stop">The command that stops it.</param>
/// <param name="Heading">Part of the status that a new line is worth.</param>
/// <param name="ExitCode">Of its end; null: it was never seen.</param>
internal sealed record WatchRun<T>(
    string Noun, string Id, ResourceStream<T> Stream, JsonTypeInfo<T> Type, string Stop, Func<T, IReadOnlyCollection<EventResource>, string?, IRenderable> Draw, Func<T, object> Heading,
    Func<T, string> Line, Func<T, string> Conclusion, Func<T?, int> ExitCode) where T : class
{
    public async Task<int> RunAsync(Session session, int? timeoutSeconds, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeoutSeconds is { } seconds) patience.CancelAfter(TimeSpan.FromSeconds(seconds));
        try
        {
            var items = Stream.FollowAsync(patience.Token);
            var last = session.Format != OutputFormat.Table ? await JsonLines.ShowAsync(items, Type)
                : session.IsFancy ? await LiveView.ShowAsync(items, Draw, Conclusion, patience.Token) : await PlainLines.ShowAsync(items, Noun, Heading, Line, Conclusion);
            return ExitCode(last);
        }
        catch (OperationCanceledException)
        {
            var interrupted = cancellation.IsCancellationRequested;
            await Console.Error.WriteLineAsync($"{(interrupted ? "interrupted" : "timed out")}: the {Noun} goes on. Watch it again: lm {Noun}s watch {Id}; stop it: {Stop}");
            return interrupted ? ExitCodes.Interrupted : ExitCodes.TimedOut;
        }
    }
}
