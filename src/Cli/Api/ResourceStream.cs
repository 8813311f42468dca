using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Api;

/// <summary>Follows a resource through broken connections and restarted coordinators, without a gap and without a repeat.</summary>
/// <param name="path">Of the resource.</param>
/// <param name="goesOn">What is true, and what to do, when no coordinator can be reached.</param>
internal sealed class ResourceStream<T>(ApiClient api, string path, JsonTypeInfo<T> type, string goesOn)
{
    private static readonly TimeSpan GivesUpAfter = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan PauseMax = TimeSpan.FromSeconds(5);

    private string? _position;

    /// <exception cref="CliException">There is no such resource, or no coordinator could be reached for two minutes.</exception>
    public async IAsyncEnumerable<WatchItem<T>> FollowAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        var brokenSince = DateTimeOffset.MaxValue;
        var pause = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            await using var items = OnceAsync(cancellation).GetAsyncEnumerator(cancellation);
            string? broken = null;
            while (broken is null)
            {
                WatchItem<T>? item = null;
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
                if (item is WatchItem<T>.End) yield break;
            }

            if (brokenSince == DateTimeOffset.MaxValue)
            {
                brokenSince = DateTimeOffset.UtcNow;
                yield return new WatchItem<T>.Broken(broken);
            }
            else if (DateTimeOffset.UtcNow - brokenSince > GivesUpAfter)
            {
                throw new CliException(ExitCodes.Unreachable, $"no coordinator could be reached for {GivesUpAfter.TotalMinutes:0} minutes: {broken}", goesOn);
            }

            // With jitter: after a restart all watchers come back.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), cancellation);
            pause = pause * 2 < PauseMax ? pause * 2 : PauseMax;
        }
    }

    private static bool IsTransient(Exception e, CancellationToken cancellation) =>
        !cancellation.IsCancellationRequested && e is HttpRequestException or IOException or CliException { ExitCode: ExitCodes.Unreachable };

    private async IAsyncEnumerable<WatchItem<T>> OnceAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await api.OpenStreamAsync(path + "/watch", _position, cancellation);
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var parser = SseParser.Create(body, Parse);
        await foreach (var item in parser.EnumerateAsync(cancellation))
        {
            if (item.Data is WatchItem<T>.Happened happened) _position = happened.Event.Version.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if (item.Data is not null) yield return item.Data;
        }
    }

    // Kinds a newer server may send are passed over.
    private WatchItem<T>? Parse(string kind, ReadOnlySpan<byte> data) => kind switch
    {
        "event" => new WatchItem<T>.Happened(JsonSerializer.Deserialize(data, ApiJson.Reader.EventResource)!),
        "status" => new WatchItem<T>.Now(JsonSerializer.Deserialize(data, type)!),
        "end" => new WatchItem<T>.End(JsonSerializer.Deserialize(data, type)!),
        _ => null,
    };
}
