using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>What would be done, in which order, how long it would take, and what stands in the way. Nothing was changed.</summary>
/// <param name="Possible">No blockers.</param>
/// <param name="Moves">In the order of their start.</param>
/// <param name="Stays">Guests that remain on a host to be emptied because they cannot move and that was allowed: "not empty".</param>
/// <param name="Distance">The forecast's makespan / the lower bound; null where nothing moves. 1.00 = as fast as the links allow.</param>
/// <param name="CapacityAfter">Hosts that are emptied or receive, as they will be.</param>
public sealed record EvacuationPlan(
    bool Possible,
    IReadOnlyList<PlanBlocker> Blockers,
    IReadOnlyList<PlannedWave> Waves,
    IReadOnlyList<PlannedMove> Moves,
    IReadOnlyList<StayingGuest> Stays,
    PlanStartRule StartRule,
    PlanEta Eta,
    BlackoutSpread Blackout,
    LowerBound LowerBound,
    IReadOnlyList<HostAfter> CapacityAfter,
    double? Distance = null);

/// <summary>A guest that stands in the way of an empty host, why, and what can be done.</summary>
public sealed record PlanBlocker(string Code, string Guest, string Host, string Detail, string Remedy);

/// <summary>Guests moved together.</summary>
/// <param name="Kind"><c>inFlight</c>, <c>canary</c> or <c>main</c>.</param>
/// <param name="StartSeconds">Forecast, from the evacuation's start.</param>
public sealed record PlannedWave(int Number, string Kind, int Guests, double StartSeconds, double EndSeconds);

/// <summary>One guest's move as the forecast has it. The order binds, times do not: a guest starts by the start rule.</summary>
/// <param name="Bytes">Expected on the wire, pages sent again included.</param>
/// <param name="BlackoutMs">Expected.</param>
/// <param name="OverCap">The expected blackout is over the guest's own limit.</param>
/// <param name="Waits">Why it cannot start with the first: "guest X waits because …"; null if it can.</param>
/// <param name="MakesRoomFor">It is on no host that is emptied: it leaves so that this one fits.</param>
public sealed record PlannedMove(
    int Order,
    string Guest,
    string Source,
    string Destination,
    int Wave,
    string Tier,
    double StartSeconds,
    double EndSeconds,
    ByteCount Bytes,
    double BlackoutMs,
    bool OverCap,
    string? Waits = null,
    string? MakesRoomFor = null);

/// <param name="Action"><c>skip</c> (it goes on running there) or <c>shutdown</c>.</param>
public sealed record StayingGuest(string Guest, string Host, string Action, string Reason);

/// <summary>When a guest may start.</summary>
/// <param name="LeastShare">Of the rate it could have alone; it waits while less is left for it.</param>
public sealed record PlanStartRule(double LeastShare, string Detail);

/// <summary>Makespan, seconds from the start.</summary>
public sealed record PlanEta(double P50Seconds, double P90Seconds);

/// <summary>Expected blackouts over the guests that move.</summary>
public sealed record BlackoutSpread(double P50Ms, double P90Ms, double MaxMs, int OverCap);

/// <summary>No schedule of these moves can be faster than this, whatever its destinations and order.</summary>
/// <param name="Limit">What gives the bound: <c>link</c>, <c>cut</c>, <c>guest</c> or <c>cap</c>.</param>
/// <param name="Detail">Which one, with its figures.</param>
public sealed record LowerBound(double Seconds, string Limit, string Detail);

/// <param name="MemoryFree">Left beyond what a destination keeps in reserve; 0 where the reserve is touched.</param>
/// <param name="Emptied">It was to be emptied, and is empty then.</param>
public sealed record HostAfter(string Host, int Guests, ByteCount MemoryUsed, ByteCount MemoryFree, double CpusFree, bool Emptied);
