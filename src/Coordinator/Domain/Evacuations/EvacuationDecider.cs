using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations;

using Decision = Decision<EvacuationEvent>;

/// <summary>
/// Every rule of an evacuation. Pure; <c>now</c> is the time of the decision and goes into the envelope of its events. What follows from a decision
/// (a wave opens, guests start, the budget is spent, it ends) is decided with it: <see cref="EvacuationProgress"/>.
/// </summary>
public static class EvacuationDecider
{
    // The guest's shard says that nothing was begun because of where the guest is or who moves it: it is watched until it rests.
    private static readonly HashSet<string> Elsewhere = ["vm.migrating", "vm.inDoubt", "migration.sameHost", "migration.moved"];

    // Reasons that pass, beside those which the migration itself calls transient.
    private static readonly HashSet<string> Passing = ["host.memory", "host.cordoned", "reservation.timeout", "precheck.timeout"];

    /// <summary>Events the input causes; none for a repeat or old news; refused when a command must not happen.</summary>
    public static Decision Decide(EvacuationState state, EvacuationInput input, DateTimeOffset now)
    {
        var decision = Accepted(state, input);
        if (decision.Refusal is not null) return decision;
        return Decision.Accept(EvacuationProgress.Then(state, decision.Events, now));
    }

    private static Decision Accepted(EvacuationState state, EvacuationInput input) => (state, input) switch
    {
        (NoEvacuation, RequestEvacuation r) => Request(r),
        (NoEvacuation, Pause or Resume or Abort or RetryFailures or Replan) => Decision.Refuse("evacuation.unknown", "there is no such evacuation", "list them: lm evacuations get"),
        (NoEvacuation, _) => Decision.Nothing,
        (Evacuation, RequestEvacuation) => Decision.Refuse("evacuation.exists", "this evacuation id is already in use", "send the request under a new idempotency key"),
        (Evacuation { IsOver: true } s, Pause or Resume or Abort or RetryFailures or Replan) => Over(s, input),
        (Evacuation s, Pause p) => PauseIt(s, p),
        (Evacuation s, Resume) => ResumeIt(s),
        (Evacuation s, Abort a) => AbortIt(s, a),
        (Evacuation s, RetryFailures) => Retry(s),
        (Evacuation s, Replan r) => ReplanIt(s, r),
        (Evacuation s, HostAnswered h) => Answered(s, h),
        (Evacuation s, ChildDecided c) => Child(s, c),
        (Evacuation s, GuestTold t) => Told(s, t),
        (Evacuation, TimePassed) => Decision.Nothing,
        _ => throw new CorruptHistoryException(state, input),
    };

    private static Decision Request(RequestEvacuation r)
    {
        if (r.Spec.Hosts.Count == 0) return Decision.Refuse("evacuation.nothing", "no host is named", "name the hosts to empty");
        if (r.Plan.Stays.Any(g => g.Action == "shutdown"))
            return Decision.Refuse("evacuation.shutdown", "guests cannot be shut down by an evacuation yet", "stop them yourself (lm vms stop), or let them stay: onNonMigratable skip");
        return Blocked(r.Plan) ?? Decision.Accept(new EvacuationRequested(r.Id, r.Spec, r.Instance, r.Plan));
    }

    private static Decision? Blocked(EvacuationPlan plan) => plan.Blockers is [var first, ..]
        ? Decision.Refuse("evacuation.blocked", $"{plan.Blockers.Count} guests stand in the way; the first: {first.Detail}", first.Remedy)
        : null;

    private static Decision Over(Evacuation s, EvacuationInput input) => (s.Outcome, input) switch
    {
        (EvacuationOutcome.Aborted, Abort) => Decision.Nothing,
        _ => Decision.Refuse("evacuation.over", $"the evacuation is over: {s.Outcome}", "begin another one: lm evacuate"),
    };

    private static Decision PauseIt(Evacuation s, Pause p) => s.Phase switch
    {
        EvacuationPhase.Aborting => IsAborting(),
        EvacuationPhase.Paused => Decision.Nothing,
        _ => Decision.Accept(new EvacuationPaused("operator", p.Detail)),
    };

    private static Decision ResumeIt(Evacuation s) => s.Phase switch
    {
        EvacuationPhase.Aborting => IsAborting(),
        EvacuationPhase.Paused => Decision.Accept(new EvacuationResumed()),
        _ => Decision.Nothing,
    };

    private static Decision AbortIt(Evacuation s, Abort a) =>
        s.Phase == EvacuationPhase.Aborting && (s.StopRunning || !a.StopRunning) ? Decision.Nothing : Decision.Accept(new EvacuationAborting(a.StopRunning));

    private static Decision Retry(Evacuation s)
    {
        if (s.Phase == EvacuationPhase.Aborting) return IsAborting();
        var failed = s.Guests.Values.Where(g => g.Phase == GuestPhase.Failed).OrderBy(g => g.Order).Select(g => g.Vm).ToList();
        return failed.Count == 0 ? Decision.Nothing : Decision.Accept(new FailedRetried(failed));
    }

    private static Decision ReplanIt(Evacuation s, Replan r)
    {
        if (s.Phase == EvacuationPhase.Aborting) return IsAborting();
        return Blocked(r.Plan) ?? Decision.Accept(new EvacuationReplanned(r.Instance, r.Plan));
    }

    private static Decision Answered(Evacuation s, HostAnswered h) => (s.Hosts.GetValueOrDefault(h.Host.Value, HostCordon.TakenBack), h.Uncordoned) switch
    {
        (HostCordon.Asked, false) when s.StartedAt is not null => Decision.Accept(new EvacuationHostCordoned(h.Host)),
        (HostCordon.Set, true) when s is { Phase: EvacuationPhase.Ended, Outcome: EvacuationOutcome.Aborted } => Decision.Accept(new EvacuationHostUncordoned(h.Host)),
        _ => Decision.Nothing,
    };

    private static Decision Child(Evacuation s, ChildDecided c)
    {
        if (s.Guests.GetValueOrDefault(c.Vm.Value) is not { Phase: GuestPhase.Starting } guest || guest.Try != c.Try) return Decision.Nothing;
        if (c.Refusal is not { } refusal) return Decision.Accept(new GuestFollowed(c.Vm, c.Try, c.Migration));
        return Elsewhere.Contains(refusal.Code)
            ? Decision.Accept(new GuestFollowed(c.Vm, c.Try, null))
            : Decision.Accept(new GuestFailed(c.Vm, c.Try, refusal.Code, refusal.Detail, Final: true));
    }

    // While a migration is open, or news may be from before it, nothing is concluded. Afterwards it counts where the guest is.
    private static Decision Told(Evacuation s, GuestTold t)
    {
        if (s.Guests.GetValueOrDefault(t.Vm.Value) is not { Phase: GuestPhase.Moving } guest || t.News.Busy) return Decision.Nothing;
        if (t.Try != guest.Try && (guest.Migration is null || t.News.Last != guest.Migration)) return Decision.Nothing;
        if (t.News.Host is not { } host) return Fail(s, guest, "vm.unknown", "there is no such VM any more", passes: false);
        if (t.News.Lost) return Fail(s, guest, "vm.lost", t.News.Detail ?? $"its memory is gone, on {host}", passes: false);
        if (host != guest.Source && !s.Empties(host)) return Decision.Accept(new GuestArrived(guest.Vm, guest.Try, guest.Migration, host));
        if (guest.Migration is null || t.News.Last != guest.Migration)
            return Fail(s, guest, "migration.elsewhere", $"another migration ended, and the guest is on {host}", passes: true);
        var code = t.News.Code ?? t.News.Outcome?.ToString() ?? "";
        return Fail(s, guest, code, t.News.Detail ?? "", t.News.Outcome == MigrationOutcome.Aborted && (t.News.Transient || Passing.Contains(code)));
    }

    private static Decision Fail(Evacuation s, EvacuatedGuest guest, string code, string detail, bool passes) =>
        Decision.Accept(new GuestFailed(guest.Vm, guest.Try, code, detail, Final: !passes || guest.Try - guest.TriesForgiven > s.Spec.Retries));

    private static Decision IsAborting() => Decision.Refuse("evacuation.aborting", "the evacuation is being aborted", "wait for its end");
}
