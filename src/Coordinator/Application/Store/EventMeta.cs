using System.Text.Json;

namespace Coordinator.Application.Store;

/// <summary>The part of the envelope that all events of one decision share. Stored as JSON beside each of them.</summary>
/// <param name="Actor">Who: <c>local:0</c>, <c>operator/alice</c>, <c>host/host-a</c>, <c>timer</c>, <c>shard</c>.</param>
/// <param name="Source">Through what: <c>api</c>, <c>hub</c>, <c>timer</c>, <c>bus</c>.</param>
/// <param name="Reason">The words a person gave, or null.</param>
/// <param name="RequestId">Of the API call, or null.</param>
/// <param name="CauseKind">Type of the input that was decided on.</param>
/// <param name="CauseId">Its identity, e.g. <c>host-a/3/17</c> for a report.</param>
/// <param name="CauseBody">The input itself, so that the history can be decided again; null on all but the decision's first event.</param>
/// <param name="TraceParent">W3C trace context, or null.</param>
/// <param name="Code">Version of the code that decided.</param>
public sealed record EventMeta(
    string Actor, string Source, string? Reason, string? RequestId, string CauseKind, string CauseId, JsonElement? CauseBody, string? TraceParent, string Code);
