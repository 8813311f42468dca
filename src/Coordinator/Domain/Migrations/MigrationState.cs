using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Migrations;

/// <summary>
/// Where a migration stands. Closed family; each state holds exactly what exists in it.
/// <code>
///  NotRequested ─> Prechecking ─> AwaitingPermit ─> Reserving ─> Preparing ─> PreCopying ─> SwitchingOver ─> Ended(Completed) ─> Closed
///                     │               │               │            │            │              │    │             ▲
///                     └───────────────┴─── no grant: ABORTED ──────┴────────────┘              │    └> Cancelling ┤  GoingForward
///                                                                                              └── the hosts' words decide ──> Ended(…)
/// </code>
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "state")]
[JsonDerivedType(typeof(NotRequested), nameof(NotRequested))]
[JsonDerivedType(typeof(Prechecking), nameof(Prechecking))]
[JsonDerivedType(typeof(AwaitingPermit), nameof(AwaitingPermit))]
[JsonDerivedType(typeof(Reserving), nameof(Reserving))]
[JsonDerivedType(typeof(Preparing), nameof(Preparing))]
[JsonDerivedType(typeof(PreCopying), nameof(PreCopying))]
[JsonDerivedType(typeof(SwitchingOver), nameof(SwitchingOver))]
[JsonDerivedType(typeof(Cancelling), nameof(Cancelling))]
[JsonDerivedType(typeof(GoingForward), nameof(GoingForward))]
[JsonDerivedType(typeof(Held), nameof(Held))]
[JsonDerivedType(typeof(Ended), nameof(Ended))]
[JsonDerivedType(typeof(Closed), nameof(Closed))]
public abstract record MigrationState
{
    /// <summary>When this state was entered, or last asked; deadlines count from here.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>Versions of the events that produced the orders of today (design: rule 11).</summary>
    public long SourceOrderNumber { get; init; }

    public long DestinationOrderNumber { get; init; }
}

public sealed record NotRequested : MigrationState
{
    public static readonly NotRequested Instance = new();
}

/// <summary>States that have a plan.</summary>
public abstract record Planned(MigrationPlan Plan, DateTimeOffset RequestedAt) : MigrationState
{
    /// <summary>When the migration gives up if no grant was given by then.</summary>
    [JsonIgnore] public DateTimeOffset GivesUpAt => RequestedAt + TimeSpan.FromSeconds(Plan.Policy.DeadlineSeconds);
}

/// <summary>Both hosts are asked whether it can be done.</summary>
public sealed record Prechecking(MigrationPlan Plan, DateTimeOffset RequestedAt, bool SourcePassed, bool DestinationPassed) : Planned(Plan, RequestedAt);

public sealed record AwaitingPermit(MigrationPlan Plan, DateTimeOffset RequestedAt) : Planned(Plan, RequestedAt);

/// <summary>Holds a permit; capacity at the destination is asked for.</summary>
public sealed record Reserving(MigrationPlan Plan, DateTimeOffset RequestedAt) : Planned(Plan, RequestedAt);

/// <summary>States in which hosts hold something.</summary>
public abstract record Active(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts) : Planned(Plan, RequestedAt);

/// <summary>STARTED; the destination gets ready.</summary>
public sealed record Preparing(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts) : Active(Plan, RequestedAt, Facts);

/// <summary>STARTED; rounds run at the source.</summary>
public sealed record PreCopying(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts) : Active(Plan, RequestedAt, Facts);

/// <summary>GRANTED: the source may hand over; from here only the hosts' durable words decide.</summary>
public sealed record SwitchingOver(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts) : Active(Plan, RequestedAt, Facts);

/// <summary>CANCELLING: granted, and asked to give the grant back.</summary>
public sealed record Cancelling(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts, string Reason) : Active(Plan, RequestedAt, Facts);

/// <summary>GOFORWARD was appended; the destination takes over without the source.</summary>
public sealed record GoingForward(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts) : Active(Plan, RequestedAt, Facts);

/// <summary>HELD: terminal until a person resolves it.</summary>
/// <param name="Choice">The resolution, once given.</param>
public sealed record Held(MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts, string? Choice, Epoch NewEpoch) : Active(Plan, RequestedAt, Facts);

/// <summary>Terminal event written; what hosts and shards still hold is being settled.</summary>
/// <param name="Reach">How far it had come: what there is to give back.</param>
public sealed record Ended(
    MigrationPlan Plan, DateTimeOffset RequestedAt, HandoffFacts Facts, MigrationOutcome Outcome, Reach Reach, string Code, string Reason, bool Transient)
    : Active(Plan, RequestedAt, Facts);

public sealed record Closed(MigrationId Id, MigrationOutcome Outcome) : MigrationState;
