using System.Text.Json;
using Cli.Api;
using Coordinator.Shared.Contracts.Api;

namespace Cli.Watch;

/// <summary>One JSON object a line: every event as it is, and at the end the migration.</summary>
internal static class JsonLines
{
    public static async Task<MigrationResource?> ShowAsync(IAsyncEnumerable<WatchItem> items)
    {
        MigrationResource? last = null;
        await foreach (var item in items)
        {
            if (item is WatchItem.Happened happened) Console.Out.WriteLine(JsonSerializer.Serialize(happened.Event, ApiJson.Default.EventResource));
            if (item is WatchItem.End end) Console.Out.WriteLine(JsonSerializer.Serialize(last = end.Migration, ApiJson.Default.MigrationResource));
        }

        return last;
    }
}
