using System.Text.Json;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>A committed fact. The same for ever: events are never changed and never removed.</summary>
/// <param name="Id"><c>stream@version</c>.</param>
/// <param name="Stream">E.g. <c>migration-m-…</c>.</param>
/// <param name="Version">From 1, without gaps within the stream; also the id on a watch.</param>
/// <param name="At">On the store's clock; decides nothing.</param>
/// <param name="Actor">Who: <c>local:0</c>, <c>operator/alice</c>, <c>host/host-a</c>, <c>timer</c>, <c>shard</c>.</param>
/// <param name="Source">Through what: <c>api</c>, <c>hub</c>, <c>timer</c>, <c>bus</c>.</param>
/// <param name="Reason">The words a person gave.</param>
/// <param name="Cause">The input that was decided on.</param>
/// <param name="Term">Of the coordinator that decided.</param>
/// <param name="Data">The event's own fields.</param>
public sealed record EventResource(
    string Id, string Stream, int Version, DateTimeOffset At, string Type, string Actor, string Source, string? Reason, EventCause Cause, long Term,
    JsonElement Data)
{
    /// <summary>Of the API call behind it, if there was one.</summary>
    public string? RequestId { get; init; }

    /// <summary>Of the event's fields.</summary>
    public int SchemaVersion { get; init; }

    /// <summary>Version of the coordinator that decided.</summary>
    public string? Code { get; init; }
}

/// <summary>What an event was decided on.</summary>
/// <param name="Kind">Type of the input: a command, a report, a timer, an answer from another shard.</param>
/// <param name="Id">Its identity, e.g. <c>host-a/3/17</c> for a report: host, start of its agent, number.</param>
public sealed record EventCause(string Kind, string Id)
{
    /// <summary>The input itself, with the first event of each decision: <c>lm replay</c> decides on it again.</summary>
    public JsonElement? Body { get; init; }
}
