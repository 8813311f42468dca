using System.Text.Json.Serialization;

namespace Coordinator.Shared.Convergence;

[JsonConverter(typeof(JsonStringEnumConverter<Verdict>))]
public enum Verdict
{
    /// <summary>Another round.</summary>
    Continue,

    /// <summary>The expected blackout is within the limit: switch over.</summary>
    Ready,

    /// <summary>Slow the guest, then another round.</summary>
    Throttle,

    /// <summary>Not converging, and the policy says to roll back.</summary>
    GiveUp,

    /// <summary>Not converging, and the policy says to switch over all the same.</summary>
    Force,
}
