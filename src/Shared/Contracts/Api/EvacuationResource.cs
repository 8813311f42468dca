using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>One evacuation, from request to closed: hosts that are being emptied, and each of their guests.</summary>
public sealed record EvacuationResource(string Kind, Metadata Metadata, EvacuationSpec Spec, EvacuationStatus Status)
{
    public const string KindName = "Evacuation";
}

/// <summary>What is true of an evacuation now. Its counts are folds of its events.</summary>
/// <param name="Phase"><c>Pending</c> (waits for its window, or for the hosts' cordons), <c>Running</c>, <c>Paused</c>, <c>Aborting</c>, <c>Completed</c>, <c>Incomplete</c>, <c>Aborted</c>.</param>
/// <param name="Verdict">One sentence: where it stands and what it waits for.</param>
public sealed record EvacuationStatus(string Phase, string Verdict)
{
    /// <summary>The wave that is open; 0 before the first.</summary>
    public int Wave { get; init; }

    public IReadOnlyList<EvacuationWave> Waves { get; init; } = [];

    public EvacuationCounts Counts { get; init; } = new(0, 0, 0, 0, 0, 0);

    public EvacuationBudget Budget { get; init; } = new(0, 0);

    /// <summary>Who set it to Paused: <c>operator</c>, <c>budget</c>, <c>deadline</c>, <c>window</c>; null while it is not.</summary>
    public string? PausedBy { get; init; }

    /// <summary>Guests that have not started yet, and what for; the first ones in order.</summary>
    public IReadOnlyList<EvacuationWaiting> WaitingOn { get; init; } = [];

    /// <summary>What is left, as a band; null when nothing is, and while it is not going on.</summary>
    public EvacuationEta? Eta { get; init; }

    /// <summary>Every guest of the plan, in its order.</summary>
    public IReadOnlyList<EvacuationGuest> Guests { get; init; } = [];

    /// <summary>Guests that remain where they were, and why: "not empty: 2 guests stay".</summary>
    public IReadOnlyList<EvacuationStay> Stays { get; init; } = [];

    public IReadOnlyList<EvacuatedHost> Hosts { get; init; } = [];

    /// <summary>When the first guest could start: the window is open and the hosts are cordoned.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When nothing was left to be said: the end of its history.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Legal actions now, as words of this API (<c>pause</c>, <c>resume</c>, <c>cancel</c>, <c>retryFailed</c>).</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}

/// <summary>Guests that move together.</summary>
/// <param name="Kind"><c>inFlight</c>, <c>canary</c> or <c>main</c>.</param>
public sealed record EvacuationWave(int Number, string Kind, int Guests, int Waiting, int Moving, int Arrived, int Failed);

/// <summary>Every guest is in exactly one of them.</summary>
/// <param name="Moving">Started, or about to be.</param>
/// <param name="Failed">For good.</param>
/// <param name="Stays">Not moved on purpose.</param>
public sealed record EvacuationCounts(int Guests, int Waiting, int Moving, int Arrived, int Failed, int Stays);

/// <summary>Guests that failed for good, of how many may: one more, and it pauses.</summary>
public sealed record EvacuationBudget(int Spent, int Of);

public sealed record EvacuationWaiting(string Vm, string Why);

/// <summary>Seconds from now, as the plan's forecast and what has been moved since say.</summary>
public sealed record EvacuationEta(double P50Seconds, double P90Seconds);

/// <summary>One guest of an evacuation.</summary>
/// <param name="Phase"><c>Waiting</c>, <c>Starting</c>, <c>Moving</c>, <c>Arrived</c>, <c>Failed</c>, <c>Stays</c>.</param>
/// <param name="Try">From 1; 0 before the first.</param>
/// <param name="Migration">Of its last try.</param>
/// <param name="Code">Stable word for why its last try failed.</param>
public sealed record EvacuationGuest(string Vm, string From, string To, int Wave, string Phase, int Try)
{
    public string? Migration { get; init; }

    public string? Code { get; init; }

    public string? Detail { get; init; }

    /// <summary>Of a migration under way: what it still has to send as far as is known.</summary>
    public Units.ByteCount? Remaining { get; init; }
}

public sealed record EvacuationStay(string Vm, string Why);

/// <summary>A host that is emptied.</summary>
/// <param name="SafeToPowerOff">Only when it was observed: nothing is there, nothing is on its way, and its agent says so.</param>
/// <param name="Why">Why not; empty when it is.</param>
public sealed record EvacuatedHost(string Name, bool SafeToPowerOff, string Why);
