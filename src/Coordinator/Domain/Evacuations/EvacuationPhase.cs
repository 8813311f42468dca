using System.Text.Json.Serialization;

namespace Coordinator.Domain.Evacuations;

/// <summary>
/// Pending -> Running -> Ended -> Closed; Running &lt;-> Paused; each of the first three -> Aborting -> Ended.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<EvacuationPhase>))]
public enum EvacuationPhase
{
    /// <summary>The maintenance window has not begun: nothing is touched.</summary>
    Pending,

    /// <summary>Hosts are cordoned, then waves run.</summary>
    Running,

    /// <summary>Nothing new starts; what runs runs on.</summary>
    Paused,

    /// <summary>Nothing starts any more; what runs ends, or is cancelled.</summary>
    Aborting,

    /// <summary>Has its outcome; what it did to hosts is being undone, if it was aborted.</summary>
    Ended,

    /// <summary>Nothing is left to do.</summary>
    Closed,
}

/// <summary>What became of an evacuation.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<EvacuationOutcome>))]
public enum EvacuationOutcome
{
    /// <summary>Every guest has left the hosts.</summary>
    Completed,

    /// <summary>Some guests stay, each with a reason.</summary>
    Incomplete,

    /// <summary>A person ended it.</summary>
    Aborted,
}
