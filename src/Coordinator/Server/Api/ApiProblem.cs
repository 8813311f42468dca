using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Api;

/// <summary>A refusal on its way to the client.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Code">Stable word; the type URN is made of it.</param>
/// <param name="Detail">One sentence: cause and place.</param>
/// <param name="Hint">One sentence: what to do now.</param>
public sealed record ApiProblem(int Status, string Code, string Title, string Detail, string? Hint = null)
{
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    public IReadOnlyList<Problem>? Problems { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    public ProblemBody ToBody(string instance, string requestId) =>
        new("urn:lm:problem:" + Code, Title, Status, Code, Detail, Hint) { Instance = instance, RequestId = requestId, Errors = Errors, Problems = Problems };
}
