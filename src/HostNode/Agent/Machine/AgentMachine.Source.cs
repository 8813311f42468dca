using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Handoff;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>The source's part (spec/source.inc).</summary>
public sealed partial class AgentMachine
{
    // BEGIN: accepted for a new epoch only, with the guest here and no INTENT open (R9).
    private void Begin(MigrateOut order)
    {
        if (Known(order) is { } known)
        {
            Repeat(known, order);
            return;
        }

        var here = state.Placements.TryGetValue(order.Vm, out var placement) && !placement.Stopping;
        if (order.Epoch <= state.HighestOf(order.Vm))
        {
            RejectUnknown(order, $"epoch {order.Epoch} is not above {state.HighestOf(order.Vm)}, the highest heard of", here);
            return;
        }

        if (!here || state.AttemptsOf(order.Vm).Any(a => a.State == AttemptState.Intent))
        {
            RejectUnknown(order, here ? "an earlier hand-off of this VM is not settled" : $"{order.Vm} does not run here", here);
            return;
        }

        SupersedeOlder(order);
        Write(new AttemptBegun(order));
        var attempt = Known(order)!;
        attempt.Transfer = Transfer.Copying;
        attempt.Commit = CommitKnowledge.Unsent;
        Drive(order.Spec.Driver, new StartOutgoing(order.Vm, order, Resume: false, Link: state.StartCount << 16));
    }

    // An older attempt without INTENT was aborted by the coordinator without us: a new epoch exists only then.
    private void SupersedeOlder(MigrateOut order)
    {
        foreach (var older in state.AttemptsOf(order.Vm).Where(a => a.State == AttemptState.Begun).ToList())
        {
            Write(new AttemptRejected(older.Vm, older.Migration, older.Epoch, "superseded by a newer attempt", Transient: false));
            Drive(DriverOf(older), new AbortOutgoing(older.Vm, older.Migration));
            TellRejected(older);
        }
    }

    private void Repeat(Attempt known, MigrateOut order)
    {
        if (known.State == AttemptState.Begun && known.Plan is { } plan && (plan.Force != order.Force || plan.Policy != order.Policy))
        {
            Write(new AttemptBegun(order));
            Drive(order.Spec.Driver, new UpdateOutgoing(order.Vm, order));
            if (order.Force) TellReady(known, TimeSpan.Zero);
        }

        RepeatWord(known);
    }

    // What the journal says is said again, whoever asks.
    private void RepeatWord(Attempt a)
    {
        switch (a.State)
        {
            case AttemptState.Rejected when !a.Resuming:
                TellRejected(a);
                break;
            case AttemptState.Released when !GuestIsBeingDestroyed(a):
                Tell(a, new Released(a.Vm, a.Migration, a.Epoch));
                break;
            case AttemptState.Owned:
                TellOwned(a, null);
                break;
            case AttemptState.Refused:
                TellRefused(a);
                break;
            case AttemptState.Prepared when a.Ready:
                TellPrepared(a);
                break;
        }
    }

    private bool GuestIsBeingDestroyed(Attempt a) => guests.ContainsKey(a.Vm) && !state.Placements.ContainsKey(a.Vm);

    // GRANT: a permission, used now or later, or given back.
    private void Offer(SwitchOver order)
    {
        if (TokenRefusal(order.Grant, order, asSource: true) is { } refusal)
        {
            Log("error", order, $"grant refused: {refusal}");
            return;
        }

        if (Known(order) is null) Begin(order.Plan with { Number = order.Number });
        if (Known(order) is not { } a) return;
        if (a.State != AttemptState.Begun)
        {
            RepeatWord(a);
            return;
        }

        a.Offered = order.Grant;
        a.OfferForced |= order.Force;
        if (a.ReadyNow || a.OfferForced) Intend(a);
    }

    private string? TokenRefusal(SignedToken grant, MigrationOrder order, bool asSource)
    {
        var t = grant.Token;
        if (t.Vm != order.Vm || t.Migration != order.Migration || t.Epoch != order.Epoch) return "the token is for another attempt";
        if ((asSource ? t.Source : t.Destination) != identity.Host) return $"the token is for {(asSource ? t.Source : t.Destination)}, not for {identity.Host}";
        return t.Epoch < state.HighestOf(order.Vm) ? $"epoch {t.Epoch} is over: {state.HighestOf(order.Vm)} was heard of" : tokenProblem(grant);
    }

    // INTENT is written while pre-copy still runs, so outside the blackout; the pause follows only when it is durable.
    private void Intend(Attempt a)
    {
        if (a.Offered is not { } grant || a.State != AttemptState.Begun || a.Aborting is not null || a.Transfer != Transfer.Copying) return;
        Write(new IntentJournaled(grant));
        a.Commit = CommitKnowledge.Unsent;
        a.Transfer = Transfer.Stopping;
        Drive(DriverOf(a), new StopAndCopy(a.Vm, a.Migration));
        Tell(a, new IntentWritten(a.Vm, a.Migration, a.Epoch));
    }

    private void HearRound(Attempt a, OutgoingRound e)
    {
        if (a.State is not (AttemptState.Begun or AttemptState.Intent)) return;
        effects.Add(new SendReport($"{a.Migration}/round/{e.Facts.Round}", new RoundCompleted(a.Vm, a.Migration, a.Epoch, e.Facts, e.Forecast.Reason)));
        if (a.State != AttemptState.Begun) return;
        a.ReadyNow = e.Forecast.Verdict is Verdict.Ready or Verdict.Force || a.Plan!.Force || a.OfferForced;
        if (e.Forecast.Verdict == Verdict.GiveUp && !a.ReadyNow)
        {
            Drive(DriverOf(a), new AbortOutgoing(a.Vm, a.Migration));
            Reject(a, e.Forecast.Reason, transient: false);
        }
        else if (a.ReadyNow && a.Offered is not null)
        {
            Intend(a);
        }
        else if (a.ReadyNow && !a.ReadyTold)
        {
            TellReady(a, e.Forecast.ExpectedBlackout);
        }
    }

    // Said once by this incarnation; the link repeats it until the coordinator has it.
    private void TellReady(Attempt a, TimeSpan forecast)
    {
        a.ReadyTold = true;
        Tell(a, new SwitchoverReady(a.Vm, a.Migration, a.Epoch, forecast));
    }

    // Only now may COMMIT leave (R6), and only if this incarnation knows that the attempt was not given up.
    private void HearCompleted(Attempt a, OutgoingCompleted e)
    {
        a.Transfer = Transfer.Completed;
        if (a.State != AttemptState.Intent) return;
        a.Completed = new CommitFacts(e.Digest, e.Stats, e.PausedAt);
        if (a.Aborting is { } reason && a.Commit == CommitKnowledge.Unsent)
        {
            Reject(a, reason, a.AbortingTransient);
        }
        else if (a.Commit == CommitKnowledge.Unsent)
        {
            a.Commit = CommitKnowledge.Sent;
            a.CommittedAt = now;
            SendCommit(a);
            Tell(a, new CommitSent(a.Vm, a.Migration, a.Epoch, e.Digest, e.Stats));
        }
        else
        {
            AskDestination(a, "the source's agent restarted and does not know whether COMMIT was sent");
        }
    }

    private void SendCommit(Attempt a)
    {
        a.AskedAt = now;
        var facts = a.Completed!;
        effects.Add(new SendPeer(a.Plan!.Destination, a.Plan.Endpoint, new PeerCommit(a.Vm, a.Migration, a.Epoch, a.Grant!, facts.Digest, facts.PausedAt)));
    }

    // The destination decides; directly, and through the coordinator. Never asked when our own copy is gone: it may hold the last one.
    private void AskDestination(Attempt a, string reason)
    {
        if (a.GuestGone) return;
        a.AskedAt = now;
        effects.Add(new SendPeer(a.Plan!.Destination, a.Plan.Endpoint, new PeerRefuse(a.Vm, a.Migration, a.Epoch)));
        Tell(a, new RefusalAsked(a.Vm, a.Migration, a.Epoch, reason));
    }

    private void AskAgain()
    {
        foreach (var a in state.Attempts.Values)
        {
            if (a is { State: AttemptState.Prepared, Forward: not null, Loaded: null, Refusing: null } && ++a.ForwardTicks >= ForwardTicksMost) RefuseAttempt(a, NotLoaded, transient: false);
            if (a is not { State: AttemptState.Intent, Transfer: Transfer.Completed, GuestGone: false }) continue;
            if (a.Commit == CommitKnowledge.Sent && now - a.CommittedAt < AskAfter)
            {
                if (now - a.AskedAt >= CommitEvery) SendCommit(a);
            }
            else if (now - a.AskedAt >= AskEvery)
            {
                AskDestination(a, "the destination has not answered COMMIT");
            }
        }
    }

    // The destination refused. A hypervisor that still sends is stopped first, and its last word is waited for: told to run meanwhile,
    // QEMU would not run the guest, or would stop it again.
    private void HearRefused(Attempt a)
    {
        if (a is { GuestGone: false, Transfer: Transfer.Copying or Transfer.Stopping or Transfer.None })
        {
            if (a.Aborting is not null) return;
            (a.Aborting, a.AbortingTransient) = ("the destination refused", true);
            Drive(DriverOf(a), new AbortOutgoing(a.Vm, a.Migration));
        }
        else
        {
            Reject(a, "the destination refused", transient: true);
        }
    }

    // Not completed and never will be: COMMIT cannot have left (R6), so this is REJECTED whatever the destination has.
    private void HearOutgoingFailed(Attempt a, OutgoingFailed e)
    {
        a.Transfer = Transfer.Failed;
        if (a.State is AttemptState.Begun or AttemptState.Intent) Reject(a, a.Aborting ?? e.Reason, transient: a.Aborting is null || a.AbortingTransient, guestRuns: e.GuestRuns);
    }

    /// <summary>Cancel (the source decides) or the verdict ABORTED (decided by the destination's word, or without any grant).</summary>
    private void GiveUp(MigrationOrder order, string reason, bool verdict)
    {
        var a = Known(order);
        switch (a?.State)
        {
            case null or AttemptState.None:
                RejectUnknown(order, reason, state.Placements.ContainsKey(order.Vm));
                break;
            case AttemptState.Begun:
                Drive(DriverOf(a), new AbortOutgoing(a.Vm, a.Migration));
                Reject(a, reason, transient: false, guestRuns: true);
                break;
            case AttemptState.Intent when a.GuestGone && verdict:
                Reject(a, reason, transient: false);
                break;
            case AttemptState.Intent when a.Transfer is Transfer.Copying or Transfer.Stopping or Transfer.None:
                a.Aborting = reason;
                Drive(DriverOf(a), new AbortOutgoing(a.Vm, a.Migration));
                break;
            case AttemptState.Intent when verdict:
                Reject(a, reason, transient: false);
                break;
            case AttemptState.Intent when !a.GuestGone:
                AskDestination(a, reason);
                break;
            default:
                RepeatWord(a);
                break;
        }
    }

    private void RejectUnknown(MigrationOrder order, string reason, bool guestRuns)
    {
        Write(new AttemptRejected(order.Vm, order.Migration, order.Epoch, reason, Transient: false));
        var a = Known(order)!;
        a.GuestGone = !guestRuns;
        TellRejected(a);
    }

    // REJECTED is durable before the guest runs again; it is told once the guest runs, or is known to be lost.
    private void Reject(Attempt a, string reason, bool transient, bool guestRuns = false)
    {
        Write(new AttemptRejected(a.Vm, a.Migration, a.Epoch, reason, transient));
        a.Commit = CommitKnowledge.Unsent;
        if (a.GuestGone || guestRuns)
        {
            TellRejected(a);
            return;
        }

        a.Resuming = true;
        Drive(DriverOf(a), new RunGuest(a.Vm, state.Placements.TryGetValue(a.Vm, out var p) ? p.Epoch : a.Epoch));
    }

    private void TellRejected(Attempt a) => Tell(a, new Rejected(a.Vm, a.Migration, a.Epoch, a.Reason, GuestRuns: !a.GuestGone, a.Transient));

    // RELEASED is durable before the copy is destroyed; it is told once the process is seen dead.
    private void ReleaseAttempt(Attempt a)
    {
        var driver = DriverOf(a);
        Write(new AttemptReleased(a.Vm, a.Migration, a.Epoch));
        Drive(driver, new DestroyGuest(a.Vm));
    }

    private void ReleaseOnOrder(Release order)
    {
        var a = Known(order);
        if (a is { State: AttemptState.Intent }) ReleaseAttempt(a);
        else if (a is null or { State: AttemptState.Begun }) GiveUp(order, "the migration is lost and its grant was never used", verdict: true);
        else RepeatWord(a);
    }

    // HOLD is only for a source that may have sent COMMIT; every other can answer by itself.
    private void PromiseHold(Hold order)
    {
        var a = Known(order);
        if (a is { State: AttemptState.Intent, Transfer: Transfer.Completed, GuestGone: false, Commit: not CommitKnowledge.Unsent })
        {
            if (!a.Held) Write(new HoldPromised(a.Vm, a.Migration, a.Epoch));
            Tell(a, new Holding(a.Vm, a.Migration, a.Epoch));
        }
        else
        {
            GiveUp(order, "the destination host was written off", verdict: false);
        }
    }

    // A person's resolution, under a new epoch: nothing of the old attempt can reach the resumed guest.
    private void Resume(ResumeSource order)
    {
        if (Known(order) is not { } a) return;
        if (a is { State: AttemptState.Intent, GuestGone: true })
        {
            // There is nothing left to resume: the host lost its memory after the person was asked. The resolution's epoch counts all the same.
            Write(new AttemptRejected(a.Vm, a.Migration, a.Epoch, "to be resumed by a person's decision, but the guest is gone", Transient: false));
            if (state.HighestOf(a.Vm) < order.NewEpoch)
            {
                Write(new Placed(a.Vm, order.NewEpoch, a.Plan!.Spec, Adopted: false));
                Write(new VmEnded(a.Vm, order.NewEpoch, "there was nothing left to resume"));
            }

            TellRejected(a);
        }
        else if (a is { State: AttemptState.Intent, Transfer: Transfer.Completed or Transfer.Failed } && state.Placements.TryGetValue(a.Vm, out var p) && state.HighestOf(a.Vm) < order.NewEpoch)
        {
            Write(new AttemptRejected(a.Vm, a.Migration, a.Epoch, "resumed here by a person's decision", Transient: false));
            Write(new Placed(a.Vm, order.NewEpoch, p.Spec, Adopted: false));
            a.Resuming = true;
            Drive(p.Spec.Driver, new RunGuest(a.Vm, order.NewEpoch));
        }
        else
        {
            RepeatWord(a);
        }
    }
}
