using System.Text.Json;
using Coordinator.Application.Events;
using Coordinator.Shared.Contracts.Api;

namespace Simulator;

/// <summary>A run's migrations as files that <c>lm replay</c> decides again.</summary>
internal static class History
{
    /// <summary>Writes one file a migration, named like its stream; in the folder, which is made.</summary>
    public static void Write(SimStore store, string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var stream in store.All.Where(e => e.Stream.StartsWith("migration-", StringComparison.Ordinal)).GroupBy(e => e.Stream))
            File.WriteAllLines(Path.Combine(folder, stream.Key + ".jsonl"), stream.Select(e => JsonSerializer.Serialize(EventResources.Of(e), ApiJson.Default.EventResource)));
    }
}
