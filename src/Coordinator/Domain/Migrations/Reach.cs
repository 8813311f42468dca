using System.Text.Json.Serialization;

namespace Coordinator.Domain.Migrations;

/// <summary>How far a migration had come when it ended. Each step adds something that must be given back.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Reach>))]
public enum Reach
{
    /// <summary>Nothing is held anywhere.</summary>
    Requested,

    /// <summary>A permit was asked for.</summary>
    Permit,

    /// <summary>Capacity was claimed too.</summary>
    Claim,

    /// <summary>Hosts were told to begin.</summary>
    Started,
}
