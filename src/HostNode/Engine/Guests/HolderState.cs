using System.Text.Json.Serialization;

namespace HostNode.Engine.Guests;

/// <summary>What a guest-holder's guest does.</summary>
/// <remarks>
/// <code>
///  (start) ──► Running ◄── run ── Paused ── mark-completed ──► Completed
///                 └──── pause ──────►┘◄─────── run (rejected) ─────┘ (goes to Running)
///  (start --incoming) ──► Incoming ── mark-loaded ──► Loaded ── run ──► Running
/// </code>
/// </remarks>
[JsonConverter(typeof(JsonStringEnumConverter<HolderState>))]
public enum HolderState
{
    Running,
    Paused,
    Incoming,
    Loaded,
    Completed,
}
