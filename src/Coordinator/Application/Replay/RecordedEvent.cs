using System.Text.Json;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Application.Replay;

/// <summary>One event of a stored history, with the part of its envelope that says what was decided on.</summary>
/// <param name="Version">From 1, without gaps.</param>
/// <param name="Data">The event's fields.</param>
/// <param name="CauseBody">The input; with the first event of each decision, but for timers and the request itself.</param>
public sealed record RecordedEvent(
    string Stream, int Version, DateTimeOffset At, string Type, int SchemaVersion, JsonElement Data, string Actor, string? Reason, string CauseKind, string CauseId,
    JsonElement? CauseBody)
{
    /// <summary>From how it is shown and kept.</summary>
    public static RecordedEvent Of(EventResource e) =>
        new(e.Stream, e.Version, e.At, e.Type, Math.Max(1, e.SchemaVersion), e.Data, e.Actor, e.Reason, e.Cause.Kind, e.Cause.Id, e.Cause.Body);
}
