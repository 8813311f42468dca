using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>Body of <c>POST /v1/evacuations</c>. Everything but the hosts has a default; the resource shows what was used.</summary>
/// <param name="Hosts">To be emptied, several at once as one plan; each once.</param>
/// <param name="Caps">How many migrations may run at once, all caps together; 256, 4 leaving and 4 arriving a host.</param>
/// <param name="Canary">So many guests go first, alone; 0 to 1,000.</param>
/// <param name="SoakSeconds">Pause after the canary and between waves, 0 to 604,800 seconds.</param>
/// <param name="WaveSize">Guests of a wave after the canary; null = all in one.</param>
/// <param name="OnNonMigratable">What becomes of guests that cannot be moved: <c>block</c> (refused), <c>skip</c> (they stay, the host is not empty).</param>
/// <param name="FailureBudget">So many guests may fail for good; one more, and it pauses. 0 to 100,000.</param>
/// <param name="FailureRate">It also pauses when a larger fraction of those that have settled failed, from 10 settled on; 0 to 1, null = not looked at.</param>
/// <param name="Retries">Tries beyond the first of a guest whose migration failed by something that may pass, 0 to 10.</param>
/// <param name="DeadlineSeconds">It pauses when it is not done so long after its request; 1 to 2,592,000, null = none.</param>
/// <param name="NotBefore">Start of the maintenance window; null = at once.</param>
/// <param name="NotAfter">End of it: from then on nothing is started; null = none.</param>
/// <param name="Policy">Requirements of each guest's migration.</param>
/// <param name="Reason">Why, for the history.</param>
public sealed record CreateEvacuation(
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
    MigrationPolicy? Policy = null,
    string? Reason = null);

/// <summary>Body of <c>POST /v1/evacuations/{id}:cancel</c>. May be left out.</summary>
/// <param name="StopRunning">Also cancel the migrations that are under way; else they end as they may.</param>
public sealed record CancelEvacuation(bool StopRunning = false, string? Reason = null);
