using System.Text.Json.Serialization;

namespace Coordinator.Shared.Contracts;

/// <summary>A host's part in a migration.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MigrationRole>))]
public enum MigrationRole
{
    Source,
    Destination,
}
