namespace Coordinator.Server.Api;

/// <summary>Ends a request at the edge with a problem; turned into problem+json by <see cref="ProblemMiddleware"/>.</summary>
public sealed class RefusedException(ApiProblem problem) : Exception(problem.Detail)
{
    public ApiProblem Problem { get; } = problem;
}
