using System.Text.Json.Serialization;

namespace Coordinator.Application.Machine;

/// <summary>Who asks, through what and why: goes into the envelope of every event the command causes.</summary>
/// <param name="Actor"><c>local:0</c>, <c>operator/alice</c>, <c>host/host-a</c>.</param>
/// <param name="Source"><c>api</c> or <c>hub</c>.</param>
/// <param name="Reason">A person's words; some commands need them.</param>
/// <param name="IdempotencyKey">Unique per actor for 24 hours, or null.</param>
/// <param name="BodyHash">Of the request's body, with the key.</param>
/// <param name="ExpectedVersion">From If-Match: the command is refused (<c>precondition.stale</c>) if the stream is at another version.</param>
public sealed record CommandContext(
    string Actor, string Source, string? Reason, string? RequestId, string? TraceParent, string? IdempotencyKey, string? BodyHash, int? ExpectedVersion)
{
    /// <summary>A refusal, too, is kept under the key: what was refused once is never done later by a repeat that was long under way.</summary>
    [JsonIgnore]
    public bool Once { get; init; }
}
