namespace Coordinator.Shared.Contracts.Api;

/// <summary>Answer of <c>/livez</c> and <c>/readyz</c>.</summary>
/// <param name="Status"><c>ok</c> or <c>failing</c>.</param>
public sealed record HealthReport(string Status, IReadOnlyList<HealthCheck> Checks);

/// <summary>One check behind the answer.</summary>
public sealed record HealthCheck(string Name, bool Ok, string Detail);
