using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Api;

/// <summary>Follows a migration through broken connections and restarted coordinators, without a gap and without a repeat.</summary>
internal sealed class MigrationStream(ApiClient api, string id)
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    private string? _position;

    /// <exception cref="CliException">There is no such migration, or no coordinator could be reached for two minutes.</exception>
    public async IAsyncEnumerable<WatchItem> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var brokenSince = DateTimeOffset.MaxValue;
        var pause = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            await using var items = OnceAsync(cancellation).GetAsyncEnumerator(cancellation);
            string? broken = null;
            while (broken is null)
            {
                WatchItem? item = null;
                try
                {
                    if (await items.MoveNextAsync()) item = items.Current;
                    else broken = "the coordinator ended the stream";
                }
                catch (Exception e) when (IsTransient(e, cancellation))
                {
                    broken = e.InnerException?.Message ?? e.Message;
                }

                if (item is null) continue;
                (brokenSince, pause) = (DateTimeOffset.MaxValue, TimeSpan.FromMilliseconds(100));
                yield return item;
                if (item is WatchItem.End) yield break;
            }

            if (brokenSince == DateTimeOffset.MaxValue)
            {
                brokenSince = DateTimeOffset.UtcNow;
                yield return new WatchItem.Broken(broken);
            }
            else if (DateTimeOffset.UtcNow - brokenSince > GivesUpAfter)
            {
                throw new CliException(ExitCodes.Unreachable, $"no coordinator could be reached for {GivesUpAfter.TotalMinutes:0} minutes: {broken}", $"the migration goes on; watch it again: lm migrations watch {id}");
            }

            // With jitter: after a restart all watchers come back.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), cancellation);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private static bool IsTransient(Exception e, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested && e is HttpRequestException or IOException or CliException { ExitCode: ExitCodes.Unreachable };

    private async IAsyncEnumerable<WatchItem> OnceAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await api.OpenStreamAsync($"/v1/migrations/{id}/watch", _position, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var parser = SseParser.Create(body, (type, data) => Parse(type, data));
        await foreach (var item in parser.EnumerateAsync(cancellation))
        {
            if (item.Data is WatchItem.Happened happened) _position = happened.Event.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (item.Data is not null) yield return item.Data;
        }
    }

    // Kinds a newer server may send are passed over.
    private static WatchItem? Parse(string type, ReadOnlySpan<byte> data) => type switch
    {
        "event" => new WatchItem.Happened(JsonSerializer.Deserialize(data, ApiJson.Reader.EventResource)!),
        "status" => new WatchItem.Now(JsonSerializer.Deserialize(data, ApiJson.Reader.MigrationResource)!),
        "end" => new WatchItem.End(JsonSerializer.Deserialize(data, ApiJson.Reader.MigrationResource)!),
        _ => null,
    };
}
