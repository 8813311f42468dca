using System.Text.Json;

namespace Coordinator.Application.Replay;

/// <summary>One event of a stored history, with the part of its envelope that says what was decided on.</summary>
/// <param name="Version">From 1, without gaps.</param>
/// <param name="Data">The event's fields.</param>
/// <param name="CauseBody">The input; with the first event of each decision, but for timers and the request itself.</param>
public sealed record RecordedEvent(
    string Stream, int Version, DateTimeOffset At, string Type, int SchemaVersion, JsonElement Data, string Actor, string? Reason, string CauseKind, string CauseId,
    JsonElement? CauseBody);
