namespace Coordinator.Shared.Contracts.Api;

/// <summary>Answer of <c>POST /v1/migrations?dryRun=true</c>: what would happen. Nothing was changed.</summary>
/// <param name="Possible">No problem of severity <c>error</c>.</param>
public sealed record MigrationPlan(MigrationSpec Spec, bool Possible, IReadOnlyList<Problem> Problems);
