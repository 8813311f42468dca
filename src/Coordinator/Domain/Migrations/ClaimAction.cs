namespace Coordinator.Domain.Migrations;

/// <summary>Something a migration asks of another shard.</summary>
public readonly record struct ClaimAction(ClaimVerb Verb, MigrationPlan Plan);

public enum ClaimVerb
{
    AskPermit,
    AskCapacity,
    ReturnPermit,
    ReturnSourceCapacity,
    ReturnDestinationCapacity,
}
