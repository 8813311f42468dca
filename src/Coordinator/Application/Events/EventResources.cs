using System.Text.Json;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Application.Events;

/// <summary>A stored event as it is shown to people and kept in histories.</summary>
public static class EventResources
{
    public static EventResource Of(StoredEvent e)
    {
        var meta = JsonSerializer.Deserialize(e.Meta.Span, DomainJson.Default.EventMeta)!;
        using var body = JsonDocument.Parse(e.Body);
        return new EventResource(
            e.Id, e.Stream, e.Version, e.At, e.Type, meta.Actor, meta.Source, meta.Reason, new EventCause(meta.CauseKind, meta.CauseId) { Body = meta.CauseBody }, e.Term.Value, body.RootElement.Clone())
        {
            RequestId = meta.RequestId,
            SchemaVersion = e.SchemaVersion,
            Code = meta.Code,
        };
    }
}
