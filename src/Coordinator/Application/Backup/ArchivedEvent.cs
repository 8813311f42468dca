using System.Text.Json;
using Coordinator.Application.Store;

namespace Coordinator.Application.Backup;

/// <summary>
/// What stays in the log of an event that was moved to an archive: its place, so that positions, sequence numbers and versions still follow each other
/// without a gap, and nothing of what it said. Not an event of the domain: streams that are closed are not decided on.
/// </summary>
public static class ArchivedEvent
{
    /// <summary>Name of the type. For ever.</summary>
    public const string Type = "Archived";

    public const string Empty = "{}";

    /// <summary>The body: with a stream's first event, the name of the archive's file.</summary>
    public static string BodyOf(int version, string archive) => version == 1 ? $$"""{"archive":"{{JsonEncodedText.Encode(archive)}}"}""" : Empty;

    /// <summary>Where a stream is whose first event this is; null if it is here.</summary>
    public static string? FileOf(StoredEvent first)
    {
        if (first.Type != Type) return null;
        using var body = JsonDocument.Parse(first.Body);
        return body.RootElement.TryGetProperty("archive", out var file) ? file.GetString() : "";
    }
}
