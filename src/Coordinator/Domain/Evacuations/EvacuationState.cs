using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>Hosts being emptied: guests, waves, what was spent of the budget.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "state")]
[JsonDerivedType(typeof(NoEvacuation), nameof(NoEvacuation))]
[JsonDerivedType(typeof(Evacuation), nameof(Evacuation))]
public abstract record EvacuationState;

public sealed record NoEvacuation : EvacuationState
{
    public static readonly NoEvacuation Instance = new();
}

/// <param name="Instance">The fleet that the plan was made from.</param>
public sealed record Evacuation(EvacuationId Id, EvacuationSpec Spec, PlanInstance Instance, EvacuationPlan Plan, DateTimeOffset RequestedAt) : EvacuationState
{
    // Follows from instance and plan; carried along, because making it anew for each decision would cost more than the decision.
    private StartMap? map;

    public EvacuationPhase Phase { get; init; }

    /// <summary>Time of the last change of phase.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Null: its window has not begun yet.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public EvacuationOutcome? Outcome { get; init; }

    /// <summary>By name. Each of the spec's, from the request on.</summary>
    public ImmutableDictionary<string, HostCordon> Hosts { get; init; } = ImmutableDictionary<string, HostCordon>.Empty;

    /// <summary>By name.</summary>
    public ImmutableDictionary<string, EvacuatedGuest> Guests { get; init; } = ImmutableDictionary<string, EvacuatedGuest>.Empty;

    public EvacuationCounts Counts { get; init; } = new();

    /// <summary>The wave that is open; 0 = none yet.</summary>
    public int Wave { get; init; }

    /// <summary>Guests of each wave that are not settled yet.</summary>
    public ImmutableSortedDictionary<int, int> Unsettled { get; init; } = ImmutableSortedDictionary<int, int>.Empty;

    /// <summary>Since when all of the open wave are settled.</summary>
    public DateTimeOffset? WaveEndedAt { get; init; }

    /// <summary>Why it is paused, with <see cref="PausedDetail"/>: <c>operator</c>, <c>budget</c>, <c>deadline</c>, <c>window</c>.</summary>
    public string? PausedBy { get; init; }

    public string? PausedDetail { get; init; }

    public bool StopRunning { get; init; }

    /// <summary>Failed and settled guests before a person resumed it: they count no more.</summary>
    public int FailedBefore { get; init; }

    public int SettledBefore { get; init; }

    public bool DeadlineWaived { get; init; }

    public bool WindowWaived { get; init; }

    /// <summary>Guests that have spent the failure budget.</summary>
    public int Spent => Counts.Failed - FailedBefore;

    /// <summary>Version of the last event since which something more is asked of other shards.</summary>
    public long Asks { get; init; }

    /// <summary>The same, of hosts.</summary>
    public long HostAsks { get; init; }

    /// <summary>The same, of cancels.</summary>
    public long CancelAsks { get; init; }

    public PlanCaps Caps => Spec.Caps ?? PlanCaps.Default;

    public bool IsOver => Phase is EvacuationPhase.Ended or EvacuationPhase.Closed;

    /// <summary>One of the hosts that are emptied.</summary>
    public bool Empties(HostId host) => Hosts.ContainsKey(host.Value);

    /// <summary>What the plan's instance says of the guest; null: nothing.</summary>
    public MigrationPolicy? PolicyOf(VmId vm) => Map.PolicyOf(vm.Value);

    internal StartMap Map => map is { } made && made.IsOf(Instance, Plan) ? made : map = new StartMap(Instance, Plan, Caps);
}

/// <summary>How far a host's cordon is.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HostCordon>))]
public enum HostCordon
{
    /// <summary>Asked for, once the evacuation has started.</summary>
    Asked,

    Set,

    /// <summary>It was aborted, and has taken its cordon back.</summary>
    TakenBack,
}
