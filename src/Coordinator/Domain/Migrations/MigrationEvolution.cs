using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;

namespace Coordinator.Domain.Migrations;

/// <summary>Folds events into the state. Pure; the same history gives the same state for ever.</summary>
public static class MigrationEvolution
{
    /// <param name="state">Before the event.</param>
    /// <param name="happened">The event.</param>
    /// <param name="version">Its version in the stream: the number of any order that it changes.</param>
    /// <param name="at">When it was decided.</param>
    /// <exception cref="CorruptHistoryException">The event cannot follow this state.</exception>
    public static MigrationState Evolve(MigrationState state, MigrationEvent happened, int version, DateTimeOffset at)
    {
        var next = Apply(state, happened, at);
        var since = next.GetType() != state.GetType() ? at : state.Since;
        var source = OrderChanged(state, next, MigrationRole.Source) ? version : state.SourceOrderNumber;
        var destination = OrderChanged(state, next, MigrationRole.Destination) ? version : state.DestinationOrderNumber;
        return next.Since == since && next.SourceOrderNumber == source && next.DestinationOrderNumber == destination
            ? next
            : next with { Since = since, SourceOrderNumber = source, DestinationOrderNumber = destination };
    }

    /// <summary>The last state with a plan that these events lead to; Closed itself keeps none.</summary>
    public static Planned BeforeClosing(Planned before, IReadOnlyList<MigrationEvent> events)
    {
        foreach (var happened in events)
        {
            if (Apply(before, happened, default) is not Planned next) break;
            before = next;
        }

        return before;
    }

    // An order gets a new number only when its content changed, so that an agent repeats its answer to the old one otherwise.
    private static bool OrderChanged(MigrationState before, MigrationState after, MigrationRole role) =>
        MigrationOrders.Key(after, role) is var wanted and not 0 && wanted != MigrationOrders.Key(before, role);

    /// <summary>The state alone, without order numbers and entry time.</summary>
    internal static MigrationState Apply(MigrationState state, MigrationEvent happened, DateTimeOffset at) => (state, happened) switch
    {
        (NotRequested, MigrationRequested e) => new Prechecking(e.Plan, at, false, false),
        (Prechecking s, PrecheckPassed e) => Passed(s, e.Role),
        (AwaitingPermit s, PermitObtained) => new Reserving(s.Plan, s.RequestedAt),
        (Reserving s, MigrationStarted) => new Preparing(s.Plan, s.RequestedAt, HandoffFacts.None),
        (Preparing s, DestinationPrepared e) =>
            new PreCopying(s.Plan, s.RequestedAt, s.Facts with { Endpoint = e.Endpoint, Destination = DestinationWord.Prepared }),
        (PreCopying s, SwitchoverForecast) => s,
        (PreCopying s, SwitchoverGranted e) => new SwitchingOver(s.Plan, s.RequestedAt, s.Facts with { Grant = e.Token }),
        (SwitchingOver s, MigrationCancelling e) => new Cancelling(s.Plan, s.RequestedAt, s.Facts with { CancelAsked = true }, e.Reason),
        (SwitchingOver or Cancelling, WentForward) => new GoingForward(PlanOf(state), ((Active)state).RequestedAt, ((Active)state).Facts),
        (Cancelling or SwitchingOver, MigrationHeld) => new Held(PlanOf(state), ((Active)state).RequestedAt, ((Active)state).Facts, null, default),
        (Planned s, HistoryCut) when s is not (SwitchingOver or Cancelling or GoingForward or Held or Ended) => Cut(s),
        (Held s, HeldResolved e) => s with { Choice = e.Choice, NewEpoch = e.NewEpoch },
        (Planned s, MigrationAborted e) when s is not (Ended or Held) => Aborted(s, e),
        (SwitchingOver or Cancelling or GoingForward, MigrationCompleted e) => Completed((Active)state, e),
        (SwitchingOver or Cancelling or GoingForward, MigrationLost e) => Lost((Active)state, e),
        (Ended or Held, MigrationClosed e) => new Closed(PlanOf(state).Id, e.Outcome),
        (Active s, PreCopyRoundCompleted or SwitchoverForced or IntentSeen or CommitSeen or SourceAskedRefusal or SourceHostLost or SourceHeld
            or ParticipantWrittenOff or SourceRejected or SourceReleased or DestinationOwned or DestinationRefused or DestinationVerified
            or PermitReturned or ClaimReturned or HistoryCut) => s with { Facts = Heard(s.Facts, happened) },
        _ => throw new CorruptHistoryException(state, happened),
    };

    /// <summary>Adds what an event says to what the log knows; other events change nothing.</summary>
    public static HandoffFacts Heard(HandoffFacts facts, MigrationEvent happened) => happened switch
    {
        PreCopyRoundCompleted e => facts with { LastRound = e.Facts.Round },
        SwitchoverForced => facts with { Forced = true },
        IntentSeen => facts with { IntentSeen = true },
        CommitSeen e => facts with { CommitSeen = true, CommitDigest = e.Digest },
        SourceAskedRefusal => facts with { RefusalAsked = true },
        SourceHostLost => facts with { Source = SourceWord.Gone },
        SourceHeld => facts with { Holding = true },
        ParticipantWrittenOff { Role: MigrationRole.Source } => facts with { SourceOff = true },
        ParticipantWrittenOff => facts with { DestinationOff = true },
        SourceRejected e => facts with { Source = e.GuestRuns ? SourceWord.Rejected : SourceWord.RejectedGuestLost },
        SourceReleased => facts with { Source = SourceWord.Released },
        DestinationOwned => facts with { Destination = DestinationWord.Owned },
        DestinationRefused => facts with { Destination = DestinationWord.Refused },
        HistoryCut => facts with { Cut = true },
        DestinationVerified => facts with { Verified = true },
        PermitReturned => facts with { PermitReturned = true },
        ClaimReturned { Role: MigrationRole.Source } => facts with { SourceClaimReturned = true },
        ClaimReturned => facts with { DestinationClaimReturned = true },
        _ => facts,
    };

    private static Planned Passed(Prechecking s, MigrationRole role)
    {
        var after = role == MigrationRole.Source ? s with { SourcePassed = true } : s with { DestinationPassed = true };
        return after is { SourcePassed: true, DestinationPassed: true } ? new AwaitingPermit(s.Plan, s.RequestedAt) : after;
    }

    // The token is a function of the plan: if a grant was given, it was this one.
    private static Cancelling Cut(Planned s)
    {
        var (plan, known) = (s.Plan, (s as Active)?.Facts ?? HandoffFacts.None);
        var grant = new SwitchoverToken(plan.Vm, plan.Id, plan.Epoch, plan.Source, plan.Destination);
        return new Cancelling(plan, s.RequestedAt, known with { Cut = true, CancelAsked = true, Grant = grant }, "the coordinator's store was restored from a backup");
    }

    private static Ended Aborted(Planned s, MigrationAborted e)
    {
        var facts = (s as Active)?.Facts ?? HandoffFacts.None;
        facts = e.Word switch
        {
            MigrationRole.Source => facts with { Source = e.GuestRuns ? SourceWord.Rejected : SourceWord.RejectedGuestLost },
            MigrationRole.Destination => facts with { Destination = DestinationWord.Refused },
            _ => facts,
        };
        var reach = s switch { Active => Reach.Started, Reserving => Reach.Claim, AwaitingPermit => Reach.Permit, _ => Reach.Requested };
        return new Ended(s.Plan, s.RequestedAt, facts, MigrationOutcome.Aborted, reach, e.Code, e.Reason, e.Transient);
    }

    private static Ended Completed(Active s, MigrationCompleted e)
    {
        var facts = e.Word == MigrationRole.Destination
            ? s.Facts with { Destination = DestinationWord.Owned }
            : s.Facts with { Source = SourceWord.Released };
        return new Ended(s.Plan, s.RequestedAt, facts, MigrationOutcome.Completed, Reach.Started, "completed", "", false);
    }

    private static Ended Lost(Active s, MigrationLost e)
    {
        var facts = e.Word == MigrationRole.Destination ? s.Facts with { Destination = DestinationWord.Refused } : s.Facts;
        return new Ended(s.Plan, s.RequestedAt, facts, MigrationOutcome.Lost, Reach.Started, "lost", e.Reason, false);
    }

    private static MigrationPlan PlanOf(MigrationState state) => ((Planned)state).Plan;
}
