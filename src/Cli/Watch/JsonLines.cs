using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Cli.Api;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>One JSON object a line: every event as it is, and at the end the resource.</summary>
internal static class JsonLines
{
    public static async Task<T?> ShowAsync<T>(IAsyncEnumerable<WatchItem<T>> items, JsonTypeInfo<T> type) where T : class
    {
        T? last = null;
        await foreach (var item in items)
        {
            if (item is WatchItem<T>.Happened happened) Console.Out.WriteLine(JsonSerializer.Serialize(happened.Event, ApiJson.Default.EventResource));
            if (item is WatchItem<T>.End end) Console.Out.WriteLine(JsonSerializer.Serialize(last = end.Resource, type));
        }

        return last;
    }
}
