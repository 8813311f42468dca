using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts.Evacuations;

/// <summary>What an evacuation was asked to do and within which limits. The plan made from it is beside it.</summary>
/// <param name="Hosts">To be emptied; at least one.</param>
/// <param name="Caps">Moves under way at once, all caps together; the permits of the pool are limits of their own.</param>
/// <param name="Canary">So many guests of the least critical tier go first, alone; 0 = none.</param>
/// <param name="SoakSeconds">Pause after a wave has ended, before the next one begins.</param>
/// <param name="WaveSize">Guests of one wave after the canary; null = all in one.</param>
/// <param name="OnNonMigratable">Guests that cannot be moved live: <c>block</c> (refuse to start), <c>skip</c> (they stay); <c>shutdown</c> is refused until that mode exists.</param>
/// <param name="FailureBudget">Guests that may fail for good; one more pauses the evacuation.</param>
/// <param name="FailureRate">Part of the settled guests that may have failed, 0 to 1, looked at from 10 settled on; null = no such limit.</param>
/// <param name="Retries">New tries of a guest whose migration failed for a passing reason, 0 to 20.</param>
/// <param name="DeadlineSeconds">From the start; when it is over nothing new starts. Null = none.</param>
/// <param name="NotBefore">Maintenance window: nothing is touched before. Null = now.</param>
/// <param name="NotAfter">Maintenance window: nothing new starts afterwards. Null = open end.</param>
/// <param name="Policy">Of its migrations; null = each guest's own, or the default.</param>
public sealed record EvacuationSpec(
    IReadOnlyList<HostId> Hosts,
    PlanCaps? Caps = null,
    int Canary = 1,
    double SoakSeconds = 0,
    int? WaveSize = null,
    string OnNonMigratable = "block",
    int FailureBudget = 0,
    double? FailureRate = null,
    int Retries = 2,
    int? DeadlineSeconds = null,
    DateTimeOffset? NotBefore = null,
    DateTimeOffset? NotAfter = null,
    MigrationPolicy? Policy = null);
