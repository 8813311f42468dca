using System.Text.Json.Serialization.Metadata;

namespace Coordinator.Application.Events;

/// <summary>One row of the <see cref="EventCatalog"/>.</summary>
public sealed record EventType(string Name, int SchemaVersion, Type Type, JsonTypeInfo Json);
