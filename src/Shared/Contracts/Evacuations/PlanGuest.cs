using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>A guest of an instance.</summary>
/// <param name="Host">Where it runs.</param>
/// <param name="Cpus">Cores it is counted with.</param>
/// <param name="HotSet">What it writes again and again, in bytes; null = all its memory.</param>
/// <param name="DirtyRate">Bytes of pages it dirties a second.</param>
/// <param name="Policy">Limits of its migration: blackout, rounds, bandwidth, throttle.</param>
/// <param name="Requires">Labels its host must have.</param>
/// <param name="Affinity">Name of a group that shares one host.</param>
/// <param name="AntiAffinity">Name of a group of which no two share a host.</param>
/// <param name="Priority">Higher goes earlier, within its wave.</param>
/// <param name="Tier"><c>L1</c> (most critical), <c>L2</c> or <c>L3</c>: the canary is taken from the least critical.</param>
/// <param name="Movable">False = cannot be migrated live.</param>
/// <param name="OnNonMigratable">What then: <c>block</c>, <c>skip</c>, <c>shutdown</c>; null = what the instance says.</param>
/// <param name="InFlight">It is being moved already.</param>
public sealed record PlanGuest(
    string Name,
    string Host,
    ByteCount Memory,
    double Cpus = 0,
    ByteCount? HotSet = null,
    ByteRate DirtyRate = default,
    MigrationPolicy? Policy = null,
    IReadOnlyList<string>? Requires = null,
    string? Affinity = null,
    string? AntiAffinity = null,
    int Priority = 0,
    string Tier = "L3",
    bool Movable = true,
    string? OnNonMigratable = null,
    PlanFlight? InFlight = null);

/// <summary>A migration under way.</summary>
/// <param name="Remaining">Bytes it still has to send as far as is known.</param>
public sealed record PlanFlight(string Destination, ByteCount Remaining);
