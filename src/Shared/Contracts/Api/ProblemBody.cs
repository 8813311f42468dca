namespace Coordinator.Shared.Contracts.Api;

/// <summary>An error answer, <c>application/problem+json</c> (RFC 9457).</summary>
/// <param name="Type">Stable: <c>urn:lm:problem:</c> and the code.</param>
/// <param name="Code">Stable word a program may test.</param>
/// <param name="Detail">One sentence: the cause and the place.</param>
/// <param name="Hint">One sentence: what to do now.</param>
public sealed record ProblemBody(string Type, string Title, int Status, string Code, string Detail, string? Hint)
{
    /// <summary>Path of the request.</summary>
    public string? Instance { get; init; }

    public string? RequestId { get; init; }

    /// <summary>Field path → what is wrong with it.</summary>
    public IReadOnlyDictionary<string, string[]>? Errors { get; init; }

    /// <summary>Findings of a precheck, when that is the refusal.</summary>
    public IReadOnlyList<Problem>? Problems { get; init; }
}
