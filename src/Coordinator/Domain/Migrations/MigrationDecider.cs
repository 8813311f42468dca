using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;

namespace Coordinator.Domain.Migrations;

using Decision = Decision<MigrationEvent>;

/// <summary>
/// Every rule of a migration. Pure: no clock, no I/O, no logging. The protocol is the one of the hand-off model (<c>spec/</c>):
/// a grant is a permission that cannot be taken back, and after it only the hosts' durable words decide.
/// </summary>
public static class MigrationDecider
{
    /// <summary>
    /// Events the input causes; none for a repeat or a late fact; refused when a command must not happen or when a host says what the
    /// protocol excludes (code <c>protocol.violation</c>: an alarm, never acted on).
    /// </summary>
    public static Decision Decide(MigrationState state, MigrationInput input) => ThenClosed(state, Accepted(state, input));

    private static Decision Accepted(MigrationState state, MigrationInput input) => state switch
    {
        NotRequested => input is RequestMigration r ? Decision.Accept(new MigrationRequested(r.Plan)) : UnknownMigration(input),
        Closed => input is Cancel or ForceSwitchover or ResolveHeld ? AlreadyOver("closed") : Decision.Nothing,
        _ when input is CutHistory c => state is Planned s and not Ended && (s as Active)?.Facts.Cut != true ? Decision.Accept(new HistoryCut(c.Restore)) : Decision.Nothing,
        _ when input is RequestMigration => Decision.Refuse("migration.exists", "this migration id is already in use", "send the request under a new idempotency key"),
        Prechecking s => Checking(s, input),
        AwaitingPermit or Reserving => Queued((Planned)state, input),
        Preparing or PreCopying => BeforeGrant((Active)state, input),
        SwitchingOver or Cancelling => AfterGrant((Active)state, input),
        GoingForward s => Forward(s, input),
        Held s => WhileHeld(s, input),
        Ended s => Settling(s, input),
        _ => throw new CorruptHistoryException(state, input),
    };

    private static Decision Checking(Prechecking s, MigrationInput input) => input switch
    {
        Heard { Report: PrecheckReported r, Role: var role } => Prechecked(s, role, r.Problems),
        DeadlineReached => Abort("precheck.timeout", Waiting(s), transient: false),
        _ => NothingGranted(s, input),
    };

    private static Decision Prechecked(Prechecking s, MigrationRole role, IReadOnlyList<Problem> problems)
    {
        if (role == MigrationRole.Source ? s.SourcePassed : s.DestinationPassed) return Decision.Nothing;
        foreach (var problem in problems)
        {
            if (problem.Severity == "error") return Abort("precheck.failed", $"{role} host: {problem.Detail} ({problem.Code}); {problem.Remedy}", transient: false);
        }

        return Decision.Accept(new PrecheckPassed(role, problems));
    }

    private static Decision Queued(Planned s, MigrationInput input) => (s, input) switch
    {
        (AwaitingPermit, PermitAnswered { Refusal: null }) => Decision.Accept(new PermitObtained()),
        (AwaitingPermit, PermitAnswered { Refusal: { } problem }) => Abort(problem.Code, problem.Detail, transient: false),
        (Reserving, ReservationAnswered { Refusal: null }) => Decision.Accept(new MigrationStarted()),
        (Reserving, ReservationAnswered { Refusal: { } problem }) => Abort(problem.Code, problem.Detail, transient: false),
        (AwaitingPermit, DeadlineReached) => Abort("deadline", "no permit was free before the migration's deadline", transient: false),
        (Reserving, DeadlineReached) => Abort("reservation.timeout", "the destination's capacity ledger did not answer in time", transient: false),
        _ => NothingGranted(s, input),
    };

    private static Decision BeforeGrant(Active s, MigrationInput input) => (s, input) switch
    {
        (Preparing, Heard { Role: MigrationRole.Destination, Report: Prepared r }) => Decision.Accept(new DestinationPrepared(r.Endpoint)),
        (PreCopying, Heard { Role: MigrationRole.Source, Report: RoundCompleted r }) => Round(s, r),
        (PreCopying, Heard { Role: MigrationRole.Source, Report: SwitchoverReady r }) => Grant(s, r),
        (_, Heard { Role: MigrationRole.Source, Report: Rejected r }) => AbortBySource(r),
        (_, Heard { Role: MigrationRole.Destination, Report: Refused r }) => AbortByDestination(r),
        (PreCopying { Facts.Forced: true }, ForceSwitchover) => Decision.Nothing,
        (PreCopying, ForceSwitchover f) => Decision.Accept(new SwitchoverForced(f.Reason)),
        (Preparing, DeadlineReached) => Abort("prepare.timeout", "the destination did not become ready in time", transient: true),
        (PreCopying, DeadlineReached) => Abort("deadline", $"no switchover within {s.Plan.Policy.DeadlineSeconds} s", transient: false),
        _ => NothingGranted(s, input),
    };

    // The same for every state without a grant: no token exists, so ABORTED is safe alone.
    private static Decision NothingGranted(Planned s, MigrationInput input) => input switch
    {
        Cancel c => Abort("cancelled", c.Reason, transient: false),
        HostWrittenOff w when s is Active => Decision.Accept(new ParticipantWrittenOff(w.Role), OffAbort(w.Role)),
        HostWrittenOff w => Decision.Accept(OffAbort(w.Role)),
        ForceSwitchover => Decision.Refuse("migration.notPreCopying", "there is nothing to force before pre-copy runs", "wait until the phase is PreCopying"),
        ResolveHeld => NotHeld(),
        Heard { Report: Owned or Released or CommitSent } h => Violation(h),
        _ => Decision.Nothing,
    };

    private static MigrationAborted OffAbort(MigrationRole role) =>
        new("host.writtenOff", $"the {Word(role)} host was written off", null, GuestRuns: role == MigrationRole.Destination, Transient: false);

    private static Decision AfterGrant(Active s, MigrationInput input) => input switch
    {
        Heard { Role: MigrationRole.Source } h => FromSource(s, h),
        Heard { Role: MigrationRole.Destination } h => FromDestination(s, h),
        Cancel c => s is Cancelling ? Decision.Nothing : Decision.Accept(new MigrationCancelling(c.Reason)),
        ForceSwitchover f => s is Cancelling
            ? Decision.Refuse("migration.cancelling", "the migration is being cancelled", "wait for its outcome")
            : s.Facts.Forced ? Decision.Nothing : Decision.Accept(new SwitchoverForced(f.Reason)),
        HostWrittenOff w => WrittenOff(s, w.Role),
        DeadlineReached => s is Cancelling ? Decision.Nothing : Decision.Accept(new MigrationCancelling("the source has not switched over before the deadline")),
        ResolveHeld => NotHeld(),
        _ => Decision.Nothing,
    };

    private static Decision FromSource(Active s, Heard heard) => heard.Report switch
    {
        RoundCompleted r => Round(s, r),
        IntentWritten => s.Facts.IntentSeen ? Decision.Nothing : Decision.Accept(new IntentSeen()),
        CommitSent r => s.Facts.CommitSeen ? Decision.Nothing : ThenForward(s, new CommitSeen(r.Digest, r.Stats)),
        RefusalAsked r => s.Facts.RefusalAsked ? Decision.Nothing : Decision.Accept(new SourceAskedRefusal(r.Reason)),
        SourceGone => s.Facts.Source == SourceWord.Gone ? Decision.Nothing : ThenForward(s, new SourceHostLost()),
        Holding => s.Facts.Holding ? Decision.Nothing : Holds(s),
        Rejected r => AbortBySource(r),
        Released => Decision.Accept(new MigrationCompleted(MigrationRole.Source, null, null)),
        _ => Decision.Nothing,
    };

    private static Decision FromDestination(Active s, Heard heard) => heard.Report switch
    {
        Owned r => Decision.Accept(new MigrationCompleted(MigrationRole.Destination, r.Digest, r.Blackout?.TotalMilliseconds)),
        Refused r => AbortByDestination(r),
        _ => Decision.Nothing,
    };

    private static Decision WrittenOff(Active s, MigrationRole role)
    {
        if (role == MigrationRole.Source) return s.Facts.SourceOff ? Decision.Nothing : ThenForward(s, new ParticipantWrittenOff(role));
        if (s.Facts.DestinationOff) return Decision.Nothing;
        List<MigrationEvent> events = [new ParticipantWrittenOff(role)];
        if (s.Facts.Off) events.Add(new MigrationLost("both hosts are gone", null));
        else if (s.Facts.Holding) events.Add(Hold());
        else if (s is SwitchingOver) events.Add(new MigrationCancelling("the destination host was written off"));
        return Decision.Accept(events);
    }

    // The source obeys only us and the destination is off for good: whether it ever ran there, only a person can judge.
    private static Decision Holds(Active s) =>
        s.Facts.DestinationOff ? Decision.Accept(new SourceHeld(), Hold()) : Decision.Accept(new SourceHeld());

    private static MigrationHeld Hold() => new(
        "the destination host is off and nobody knows whether the guest ran there: COMMIT may have arrived; "
        + "resume the source's copy (accepts losing what happened at the destination) or restart from disk");

    /// <summary>GoForward needs proof that the loaded copy is the last word (hand-off 2.6): the event, and what follows from it.</summary>
    private static Decision ThenForward(Active s, MigrationEvent happened)
    {
        var facts = MigrationEvolution.Heard(s.Facts, happened);
        if (facts.DestinationOff && facts.Off) return Decision.Accept(happened, new MigrationLost("both hosts are gone", null));
        return HandoffRules.MayGoForward(s.Plan, facts) ? Decision.Accept(happened, new WentForward()) : Decision.Accept(happened);
    }

    private static Decision Forward(GoingForward s, MigrationInput input) => input switch
    {
        Heard { Role: MigrationRole.Destination, Report: Owned r } =>
            Decision.Accept(new MigrationCompleted(MigrationRole.Destination, r.Digest, r.Blackout?.TotalMilliseconds)),
        Heard { Role: MigrationRole.Source, Report: Released } => Decision.Accept(new MigrationCompleted(MigrationRole.Source, null, null)),
        Heard { Role: MigrationRole.Destination, Report: Refused r } =>
            Decision.Accept(new MigrationLost($"the source host is gone and the destination could not go forward: {r.Reason}", MigrationRole.Destination)),
        HostWrittenOff { Role: MigrationRole.Destination } =>
            Decision.Accept(new ParticipantWrittenOff(MigrationRole.Destination), new MigrationLost("both hosts are gone", null)),
        HostWrittenOff when !s.Facts.SourceOff => Decision.Accept(new ParticipantWrittenOff(MigrationRole.Source)),
        Cancel => Decision.Refuse("migration.tooLate", "the source is gone: only the destination's copy is left", "wait for the outcome"),
        ForceSwitchover => Decision.Refuse("migration.tooLate", "the destination is already told to take over", "wait for the outcome"),
        ResolveHeld => NotHeld(),
        _ => Decision.Nothing,
    };

    private static Decision WhileHeld(Held s, MigrationInput input) => input switch
    {
        ResolveHeld { Choice: "wait" } => Decision.Nothing,
        ResolveHeld r when s.Choice is null && r.Choice is "resumeSource" or "restartFromDisk" =>
            Decision.Accept(new HeldResolved(r.Choice, r.NewEpoch, r.Reason, r.SecondPerson)),
        ResolveHeld r when s.Choice is null => Decision.Refuse("resolve.choice", $"'{r.Choice}' is no resolution", "use resumeSource, restartFromDisk or wait"),
        ResolveHeld => Decision.Refuse("resolve.done", $"already resolved: {s.Choice}", "nothing to do"),
        Cancel or ForceSwitchover => Decision.Refuse("migration.held", "the migration is held", "resolve it: lm migrations resolve"),
        Heard { Role: MigrationRole.Source, Report: Rejected r } when s.Choice == "resumeSource" && !s.Facts.SourceSettled =>
            Decision.Accept(new SourceRejected(r.Reason, r.GuestRuns)),
        Heard { Role: MigrationRole.Source, Report: Released } when s.Choice == "restartFromDisk" && !s.Facts.SourceSettled => Decision.Accept(new SourceReleased()),
        HostWrittenOff { Role: MigrationRole.Source } when !s.Facts.SourceOff => Decision.Accept(new ParticipantWrittenOff(MigrationRole.Source)),
        PermitReturnAnswered or ClaimReturnAnswered => Returned(s, input),
        _ => Decision.Nothing,
    };

    private static Decision Settling(Ended s, MigrationInput input) => input switch
    {
        Cancel or ForceSwitchover => AlreadyOver(s.Outcome.ToString()),
        ResolveHeld => NotHeld(),
        Heard { Role: MigrationRole.Source } h => LateSource(s, h),
        Heard { Role: MigrationRole.Destination } h => LateDestination(s, h),
        HostWrittenOff { Role: var role } when !(role == MigrationRole.Source ? s.Facts.SourceOff : s.Facts.DestinationOff) =>
            Decision.Accept(new ParticipantWrittenOff(role)),
        PermitReturnAnswered or ClaimReturnAnswered => Returned(s, input),
        DeadlineReached when s is { Outcome: MigrationOutcome.Completed, Facts.Verified: false } =>
            Decision.Accept(new DestinationVerified(false, "the destination did not answer the verification in time")),
        _ => Decision.Nothing,
    };

    private static Decision LateSource(Ended s, Heard heard) => heard.Report switch
    {
        Rejected or Released when s.Facts.SourceSettled => Decision.Nothing,
        Rejected r when s.Outcome != MigrationOutcome.Completed => Decision.Accept(new SourceRejected(r.Reason, r.GuestRuns)),
        Released when s.Outcome != MigrationOutcome.Aborted => Decision.Accept(new SourceReleased()),
        Rejected or Released => Violation(heard),
        CommitSent r when !s.Facts.CommitSeen => Decision.Accept(new CommitSeen(r.Digest, r.Stats)),
        _ => Decision.Nothing,
    };

    private static Decision LateDestination(Ended s, Heard heard) => heard.Report switch
    {
        Owned or Refused when s.Facts.DestinationSettled && !s.Facts.DestinationOff => Decision.Nothing,
        Owned r when s.Outcome == MigrationOutcome.Completed => Decision.Accept(new DestinationOwned(r.Digest, r.Blackout?.TotalMilliseconds)),
        Refused r when s.Outcome != MigrationOutcome.Completed => Decision.Accept(new DestinationRefused(r.Reason)),
        Owned or Refused => Violation(heard),
        Verified r when s is { Outcome: MigrationOutcome.Completed, Facts.Verified: false } => Decision.Accept(new DestinationVerified(r.Well, r.Detail)),
        _ => Decision.Nothing,
    };

    private static Decision Returned(Active s, MigrationInput input) => input switch
    {
        PermitReturnAnswered when !s.Facts.PermitReturned => Decision.Accept(new PermitReturned()),
        ClaimReturnAnswered { Role: MigrationRole.Source } when !s.Facts.SourceClaimReturned => Decision.Accept(new ClaimReturned(MigrationRole.Source)),
        ClaimReturnAnswered { Role: MigrationRole.Destination } when !s.Facts.DestinationClaimReturned =>
            Decision.Accept(new ClaimReturned(MigrationRole.Destination)),
        _ => Decision.Nothing,
    };

    // S5: Closed follows only when nothing is held anywhere; whatever meets the last obligation writes it.
    private static Decision ThenClosed(MigrationState state, Decision decision)
    {
        if (decision.Events.Count == 0 || !(state is Ended or Held || Ends(decision.Events))) return decision;
        foreach (var happened in decision.Events) state = MigrationEvolution.Apply(state, happened, default);
        return state is Active after && MigrationObligations.AllMet(after)
            ? Decision.Accept([.. decision.Events, new MigrationClosed(after is Ended e ? e.Outcome : MigrationOutcome.Held)])
            : decision;
    }

    // Nothing can be closed that has not ended: most decisions are spared the fold.
    private static bool Ends(IReadOnlyList<MigrationEvent> events)
    {
        foreach (var happened in events)
        {
            if (happened is MigrationCompleted or MigrationAborted or MigrationLost or MigrationHeld) return true;
        }

        return false;
    }

    private static Decision Round(Active s, RoundCompleted r) =>
        r.Facts.Round > s.Facts.LastRound ? Decision.Accept(new PreCopyRoundCompleted(r.Facts, r.Verdict)) : Decision.Nothing;

    private static Decision Grant(Active s, SwitchoverReady r) => Decision.Accept(
        new SwitchoverForecast(r.Forecast),
        new SwitchoverGranted(new SwitchoverToken(s.Plan.Vm, s.Plan.Id, s.Plan.Epoch, s.Plan.Source, s.Plan.Destination)));

    private static Decision AbortBySource(Rejected r) =>
        Decision.Accept(new MigrationAborted("source.rejected", r.Reason, MigrationRole.Source, r.GuestRuns, r.Transient));

    private static Decision AbortByDestination(Refused r) =>
        Decision.Accept(new MigrationAborted("destination.refused", r.Reason, MigrationRole.Destination, GuestRuns: false, r.Transient));

    private static Decision Abort(string code, string reason, bool transient) =>
        Decision.Accept(new MigrationAborted(code, reason, null, GuestRuns: true, transient));

    private static string Waiting(Prechecking s) => (s.SourcePassed, s.DestinationPassed) switch
    {
        (false, false) => $"neither {s.Plan.Source} nor {s.Plan.Destination} answered the precheck in time",
        (false, true) => $"{s.Plan.Source} did not answer the precheck in time",
        _ => $"{s.Plan.Destination} did not answer the precheck in time",
    };

    private static string Word(MigrationRole role) => role == MigrationRole.Source ? "source" : "destination";

    private static Decision AlreadyOver(string outcome) =>
        Decision.Refuse("migration.over", $"the migration has already ended: {outcome}", "look at its history: lm explain");

    private static Decision NotHeld() => Decision.Refuse("migration.notHeld", "only a held migration can be resolved", "look at its phase: lm migrations describe");

    private static Decision UnknownMigration(MigrationInput input) => input is Cancel or ForceSwitchover or ResolveHeld
        ? Decision.Refuse("migration.unknown", "there is no such migration", "list them: lm migrations get")
        : Decision.Nothing;

    private static Decision Violation(Heard heard) => Decision.Refuse(
        "protocol.violation", $"the {Word(heard.Role)} host says {heard.Report.GetType().Name}, which the protocol excludes here", "keep both hosts' journals and report this");
}
