using System.Globalization;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Streaming;

/// <summary>
/// Watch of one stream: <c>event</c> items carry committed events (their version is the id, so <c>Last-Event-ID</c> resumes without
/// a gap), <c>status</c> items the resource as it is now (after events and whenever the feed says so), and <c>end</c> says that nothing
/// more can come. Ends at once when the server stops; the client comes back to another one.
/// </summary>
public sealed class StreamWatch(IControlPlane plane, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private const int PageSize = 500;

    // Samples arrive several times a second and per stream; people and terminals need no more than this.
    private static readonly TimeSpan StatusAtMostEvery = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync<T>(HttpContext context, Watched<T> watched) where T : class
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(watched.Stream);
        var first = watched.Read() ?? throw new RefusedException(watched.Missing);
        var position = Position(context.Request, watched.Metadata(first));
        var writer = new SseWriter(context.Response, both.Token);
        try
        {
            await writer.BeginAsync();
            await StreamAsync(writer, changed, watched, position, both.Token);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            // The reader left or we stop: both are ends without a word, the reader resumes by Last-Event-ID.
        }
    }

    private async Task StreamAsync<T>(SseWriter writer, ChangeFeed.Subscription changed, Watched<T> watched, int position, CancellationToken cancellation) where T : class
    {
        while (true)
        {
            // Status after events, so that what it says is never older than what was just shown.
            position = await SendEventsAsync(writer, watched.Stream, position);
            var now = watched.Read()!;
            var caughtUp = position.ToString(CultureInfo.InvariantCulture) == watched.Metadata(now).Etag;
            if (caughtUp)
            {
                await writer.WriteAsync("status", null, now, watched.Type);
                if (watched.IsOver(now))
                {
                    await writer.WriteAsync("end", null, now, watched.Type);
                    return;
                }

                await Task.Delay(StatusAtMostEvery, cancellation);
            }

            await ChangedAsync(writer, changed, watched.LookAgainAfter, cancellation);
        }
    }

    // What a resource shows of others than its own stream changes unheard: it is read again after a while.
    private static async Task ChangedAsync(SseWriter writer, ChangeFeed.Subscription changed, TimeSpan? lookAgain, CancellationToken cancellation)
    {
        if (lookAgain is { } after) await changed.WaitAsync(after, cancellation);
        else while (!await changed.WaitAsync(SseWriter.HeartbeatEvery, cancellation)) await writer.BeatAsync();
    }

    private async Task<int> SendEventsAsync(SseWriter writer, string stream, int position)
    {
        while (true)
        {
            var events = plane.Events(stream, position, PageSize) ?? [];
            foreach (var happened in events)
            {
                await writer.WriteAsync("event", happened.Version, happened, ApiJson.Default.EventResource);
                position = happened.Version;
            }

            if (events.Count < PageSize) return position;
        }
    }

    // Without Last-Event-ID the whole history comes first; ?after=VERSION is the same for clients that cannot set headers.
    private static int Position(HttpRequest request, Metadata now)
    {
        var text = request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0) text = request.Query["after"].ToString();
        if (text.Length == 0) return 0;
        var known = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && version <= long.Parse(now.Etag, CultureInfo.InvariantCulture);
        return known ? version : throw new RefusedException(ApiProblems.PositionGone(text));
    }
}
