using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Api;

/// <summary>What the endpoints need of a coordinator for evacuations. Expected refusals arrive as <see cref="RefusedException"/>.</summary>
public interface IEvacuationPlane
{
    /// <exception cref="RefusedException">A host is unknown, gone or being emptied already (404, 409); guests stand in the way (409, each as a problem).</exception>
    Task<Answer<EvacuationResource>> CreateAsync(CreateEvacuation body, Call call);

    /// <summary>The same checks, and the plan with its blockers; changes nothing.</summary>
    EvacuationPlan Plan(CreateEvacuation body);

    Task<Answer<EvacuationResource>> PauseAsync(EvacuationId id, ActionRequest body, Call call);

    Task<Answer<EvacuationResource>> ResumeAsync(EvacuationId id, ActionRequest body, Call call);

    Task<Answer<EvacuationResource>> CancelAsync(EvacuationId id, CancelEvacuation body, Call call);

    Task<Answer<EvacuationResource>> RetryFailedAsync(EvacuationId id, ActionRequest body, Call call);

    EvacuationResource? Evacuation(EvacuationId id);

    /// <summary>The plan it follows; null if there is no such evacuation.</summary>
    EvacuationPlan? PlanOf(EvacuationId id);

    /// <summary>Newest first, after the row of that name.</summary>
    /// <param name="host">Only those that empty it; null = any.</param>
    IReadOnlyList<EvacuationResource> Evacuations(string? host, bool openOnly, string? after, int limit);
}
