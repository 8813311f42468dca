namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>What a plan is made from: the fleet as it is, and which hosts to empty (docs/reference/plan-instance.md). Planning again while guests are in flight = the fleet as it is then.</summary>
/// <param name="Empty">Names of the hosts to empty, several at once: one ledger of capacity and bandwidth for all of them.</param>
/// <param name="Core">What all traffic between racks shares, both directions together (<c>usedOut</c> counts); null = never a limit.</param>
/// <param name="SetupSeconds">From a migration's start until its first byte flows: checks, claims, listening.</param>
/// <param name="Canary">So many guests of the least critical tier go first, alone; 0 = no canary.</param>
/// <param name="SoakSeconds">Pause after the canary and between waves.</param>
/// <param name="WaveSize">Guests of one wave after the canary; null = all in one.</param>
/// <param name="OnNonMigratable">For guests that say nothing themselves: <c>block</c>, <c>skip</c> or <c>shutdown</c>.</param>
/// <param name="MakeRoom">Guests of other hosts may be moved where a guest fits nowhere else.</param>
/// <param name="GuessError">How wrong dirty rates and hot sets may be, as a fraction: p90 is the forecast with those so much higher and links a quarter of it slower.</param>
public sealed record PlanInstance(
    IReadOnlyList<PlanHost> Hosts,
    IReadOnlyList<PlanGuest> Guests,
    IReadOnlyList<string> Empty,
    IReadOnlyList<PlanRack>? Racks = null,
    PlanLink? Core = null,
    PlanCaps? Caps = null,
    double SetupSeconds = 1,
    int Canary = 1,
    double SoakSeconds = 0,
    int? WaveSize = null,
    string OnNonMigratable = "block",
    bool MakeRoom = true,
    double GuessError = 0.3);
