using System.Text.Json.Serialization;

namespace Coordinator.Domain.Migrations;

/// <summary>The one terminal event of a migration, as a word.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<MigrationOutcome>))]
public enum MigrationOutcome
{
    /// <summary>The guest runs at the destination.</summary>
    Completed,

    /// <summary>The guest stays, or was lost, at the source; the destination never ran it.</summary>
    Aborted,

    /// <summary>A host fault destroyed the only copy.</summary>
    Lost,

    /// <summary>A person must decide; followed by one audited resolution.</summary>
    Held,
}
