using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Application.Projections;

/// <summary>One migration as people read it: a fold of its events and of nothing else. Immutable; a new event makes a new row.</summary>
public sealed record MigrationRow(MigrationPlan Plan, DateTimeOffset RequestedAt, MigrationState State, int Version, int Shard, Term Term)
{
    public IReadOnlyList<RoundFacts> Rounds { get; init; } = [];

    public string? Verdict { get; init; }

    public double? ForecastMs { get; init; }

    public double? BlackoutMs { get; init; }

    public string? Digest { get; init; }

    public ByteCount? Sent { get; init; }

    public ByteCount? Resent { get; init; }

    public MigrationOutcome? Outcome { get; init; }

    /// <summary>True: verified; false: degraded; null: not known (yet).</summary>
    public bool? Well { get; init; }

    public string? Code { get; init; }

    public string? Reason { get; init; }

    public bool CancelAsked { get; init; }

    public IReadOnlyList<Problem> Problems { get; init; } = [];

    public MigrationId? RetriedBy { get; init; }

    public DateTimeOffset? EndedAt { get; init; }

    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>How often another coordinator process took it over while it was open.</summary>
    public int Resumes { get; init; }

    /// <summary>The row after one more event.</summary>
    public MigrationRow After(MigrationEvent happened, int version, Term term, DateTimeOffset at)
    {
        var next = Told(happened, at) with
        {
            State = MigrationEvolution.Evolve(State, happened, version, at),
            Version = version,
            Term = term,
            Resumes = term > Term ? Resumes + 1 : Resumes,
        };
        return happened is MigrationClosed ? next with { ClosedAt = at } : next;
    }

    private MigrationRow Told(MigrationEvent happened, DateTimeOffset at) => happened switch
    {
        PrecheckPassed e => this with { Problems = [.. Problems, .. e.Warnings] },
        PreCopyRoundCompleted e => this with { Rounds = [.. Rounds, e.Facts], Verdict = e.Verdict },
        SwitchoverForecast e => this with { ForecastMs = e.Blackout.TotalMilliseconds },
        CommitSeen e => this with { Digest = e.Digest, Sent = e.Stats.Sent, Resent = e.Stats.Resent },
        MigrationCancelling e => this with { CancelAsked = true, Reason = e.Reason },
        HistoryCut => this with { Reason = "the coordinator's store was restored from a backup" },
        MigrationCompleted e => this with { Outcome = MigrationOutcome.Completed, Code = "completed", Digest = e.Digest ?? Digest, BlackoutMs = e.BlackoutMs ?? BlackoutMs, EndedAt = at },
        MigrationAborted e => this with { Outcome = MigrationOutcome.Aborted, Code = e.Code, Reason = e.Reason, EndedAt = at },
        MigrationLost e => this with { Outcome = MigrationOutcome.Lost, Code = "lost", Reason = e.Reason, EndedAt = at },
        MigrationHeld e => this with { Outcome = MigrationOutcome.Held, Code = "held", Reason = e.Reason, EndedAt = at },
        HeldResolved e => this with { Reason = $"resolved: {e.Choice}, because {e.Reason} (agreed by {e.SecondPerson})" },
        DestinationOwned e => this with { Digest = e.Digest, BlackoutMs = e.BlackoutMs ?? BlackoutMs },
        DestinationVerified e => this with { Well = e.Well },
        _ => this,
    };
}
