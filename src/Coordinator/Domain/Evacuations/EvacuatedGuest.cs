using System.Text.Json.Serialization;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>A guest of an evacuation and how far it is.</summary>
/// <param name="Source">The host that it leaves.</param>
/// <param name="Destination">Null for one that stays.</param>
/// <param name="Wave">Waves open one after the other; 0 = it was under way before.</param>
/// <param name="Order">Within its wave.</param>
public sealed record EvacuatedGuest(VmId Vm, HostId Source, HostId? Destination, int Wave, int Order)
{
    public GuestPhase Phase { get; init; }

    /// <summary>Counts on for ever: (evacuation, vm, try) names one migration.</summary>
    public int Try { get; init; }

    /// <summary>Tries before a person had it tried again: they do not count.</summary>
    public int TriesForgiven { get; init; }

    /// <summary>Of this try. Null while it is asked for, and where somebody else moves the guest.</summary>
    public MigrationId? Migration { get; init; }

    /// <summary>Where it arrived.</summary>
    public HostId? Host { get; init; }

    /// <summary>Why the last try failed, or why it stays.</summary>
    public string? Code { get; init; }

    public string? Detail { get; init; }

    /// <summary>Not tried again before.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Version of the event since which something is asked for it: what is newer is sent first.</summary>
    public long Number { get; init; }

    public bool IsSettled => Phase is GuestPhase.Arrived or GuestPhase.Failed or GuestPhase.Stays;

    public bool IsUnderWay => Phase is GuestPhase.Starting or GuestPhase.Moving;
}

/// <summary>How far a guest is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GuestPhase>))]
public enum GuestPhase
{
    /// <summary>For its wave, for room, for a cap, or to be tried again.</summary>
    Waiting,

    /// <summary>Its migration is asked for.</summary>
    Starting,

    /// <summary>A migration is open.</summary>
    Moving,

    /// <summary>It is on none of the hosts that are emptied.</summary>
    Arrived,

    /// <summary>For good, unless a person has it tried again.</summary>
    Failed,

    /// <summary>It cannot be moved, and that was allowed.</summary>
    Stays,
}
