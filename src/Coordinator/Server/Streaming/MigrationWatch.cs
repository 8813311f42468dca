using System.Globalization;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Streaming;

/// <summary>
/// Watch of one migration: <c>event</c> items carry committed events (their version is the id, so <c>Last-Event-ID</c> resumes without
/// a gap), <c>status</c> items the resource as it is now (after events and at live samples), and <c>end</c> says that nothing more can
/// come. Ends at once when the server stops; the client comes back to another one.
/// </summary>
public sealed class MigrationWatch(IControlPlane plane, ChangeFeed changes, IHostApplicationLifetime lifetime)
{
    private const int PageSize = 500;

    // Samples arrive several times a second and per stream; people and terminals need no more than this.
    private static readonly TimeSpan StatusAtMostEvery = TimeSpan.FromMilliseconds(100);

    public async Task RunAsync(HttpContext context, MigrationId id)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, lifetime.ApplicationStopping);
        using var changed = changes.Subscribe(id.StreamKey);
        var first = plane.Migration(id) ?? throw new RefusedException(ApiProblems.NotFound("migration", id.Value));
        var position = Position(context.Request, first);
        var writer = new SseWriter(context.Response, both.Token);
        try
        {
            await writer.BeginAsync();
            await StreamAsync(writer, changed, id, position, both.Token);
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            // The reader left or we stop: both are ends without a word, the reader resumes by Last-Event-ID.
        }
    }

    private async Task StreamAsync(SseWriter writer, ChangeFeed.Subscription changed, MigrationId id, int position, CancellationToken cancellation)
    {
        while (true)
        {
            // Status after events, so that what it says is never older than what was just shown.
            position = await SendEventsAsync(writer, id, position);
            var now = plane.Migration(id)!;
            var caughtUp = position.ToString(CultureInfo.InvariantCulture) == now.Metadata.Etag;
            if (caughtUp)
            {
                await writer.WriteAsync("status", null, now, ApiJson.Default.MigrationResource);
                if (now.Status.ClosedAt is not null)
                {
                    await writer.WriteAsync("end", null, now, ApiJson.Default.MigrationResource);
                    return;
                }

                await Task.Delay(StatusAtMostEvery, cancellation);
            }

            while (!await changed.WaitAsync(SseWriter.HeartbeatEvery, cancellation)) await writer.BeatAsync();
        }
    }

    private async Task<int> SendEventsAsync(SseWriter writer, MigrationId id, int position)
    {
        while (true)
        {
            var events = plane.Events(id.StreamKey, position, PageSize) ?? [];
            foreach (var happened in events)
            {
                await writer.WriteAsync("event", happened.Version, happened, ApiJson.Default.EventResource);
                position = happened.Version;
            }

            if (events.Count < PageSize) return position;
        }
    }

    // Without Last-Event-ID the whole history comes first; ?after=VERSION is the same for clients that cannot set headers.
    private static int Position(HttpRequest request, MigrationResource now)
    {
        var text = request.Headers["Last-Event-ID"].ToString();
        if (text.Length == 0) text = request.Query["after"].ToString();
        if (text.Length == 0) return 0;
        var known = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version)
            && version <= long.Parse(now.Metadata.Etag, CultureInfo.InvariantCulture);
        return known ? version : throw new RefusedException(ApiProblems.PositionGone(text));
    }
}
