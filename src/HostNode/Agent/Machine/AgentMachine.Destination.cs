using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>The destination's part (spec/dest.inc).</summary>
public sealed partial class AgentMachine
{
    // PREP: a new epoch. First every debt is settled: nothing of a lower epoch may survive here (R9).
    private void Prepare(PrepareIn order)
    {
        if (Known(order) is { } known)
        {
            RepeatWord(known);
            return;
        }

        if (preparing.TryGetValue(order.Vm, out var already) && already.Migration == order.Migration) return;
        if (order.Epoch <= state.HighestOf(order.Vm))
        {
            RefuseUnknown(order, $"epoch {order.Epoch} is not above {state.HighestOf(order.Vm)}, the highest heard of");
        }
        else if (state.Placements.ContainsKey(order.Vm) && !state.AttemptsOf(order.Vm).Any(a => a.State == AttemptState.Intent))
        {
            RefuseUnknown(order, $"{order.Vm} is placed here");
        }
        else if (IsOwnerless(order.Vm))
        {
            RefuseUnknown(order, $"a guest named {order.Vm} runs here without an owner");
        }
        else
        {
            preparing[order.Vm] = order;
            Drive(order.Spec.Driver, new DestroyGuest(order.Vm));
        }
    }

    // The old copies are seen dead: their last words are written, then PREPARED, then the new copy is made.
    private void PrepareNow(PrepareIn order)
    {
        foreach (var a in state.AttemptsOf(order.Vm).ToList())
        {
            if (a.State == AttemptState.Prepared) Write(new AttemptRefused(a.Vm, a.Migration, a.Epoch, "its debt was settled by a newer attempt", Transient: false));
            else if (a.State == AttemptState.Intent) Write(new AttemptReleased(a.Vm, a.Migration, a.Epoch));
        }

        Write(new AttemptPrepared(order));
        Drive(order.Spec.Driver, new PrepareIncoming(order.Vm, order.Migration, order.Epoch, order.Source, order.Spec, order.Policy));
    }

    private void TellPrepared(Attempt a) =>
        Tell(a, new Prepared(a.Vm, a.Migration, a.Epoch, identity.Own with { HypervisorPort = a.HypervisorPort }));

    // R7: OWNED needs loaded and COMMIT; receiving COMMIT and writing OWNED are one step.
    private void HearCommit(Attempt a, PeerCommit m)
    {
        switch (a.State)
        {
            case AttemptState.Owned:
                effects.Add(new ReplyPeer(a.Peer!.Value, new PeerOwned(a.Vm, a.Migration, a.Epoch)));
                return;
            case AttemptState.Refused:
                effects.Add(new ReplyPeer(a.Peer!.Value, new PeerRefused(a.Vm, a.Migration, a.Epoch)));
                return;
            case not AttemptState.Prepared:
                return;
        }

        if (a.Refusing is not null || state.HighestOf(a.Vm) != a.Epoch) return;
        if (CommitRefusal(a, m) is { } refusal)
        {
            Log("error", a, $"COMMIT refused: {refusal}");
            return;
        }

        if (a.Loaded is null)
        {
            a.Early = m;
        }
        else if (a.Loaded != m.Digest)
        {
            // Not the state the source had: this copy is no copy, so nothing is lost by killing it.
            RefuseAttempt(a, $"digest of the memory differs: {a.Loaded} here, {m.Digest} at the source", transient: true);
        }
        else
        {
            Own(a, m.PausedAt);
        }
    }

    private string? CommitRefusal(Attempt a, PeerCommit m)
    {
        var t = m.Grant.Token;
        if (t.Vm != a.Vm || t.Migration != a.Migration || t.Epoch != a.Epoch) return "the token is for another attempt";
        if (t.Destination != identity.Host || t.Source != a.Order!.Source) return "the token is for other hosts";
        return tokenProblem(m.Grant);
    }

    // THE decision, one fsync; the source is told at once, the coordinator once the vCPUs run.
    private void Own(Attempt a, DateTimeOffset? pausedAt)
    {
        Write(new AttemptOwned(a.Vm, a.Migration, a.Epoch, a.Order!.Spec, a.Loaded!, pausedAt));
        Drive(a.Order.Spec.Driver, new RunGuest(a.Vm, a.Epoch));
        effects.Add(new ReplyPeer(a.Order.Source, new PeerOwned(a.Vm, a.Migration, a.Epoch)));
    }

    private void TellOwned(Attempt a, DateTimeOffset? runsSince)
    {
        // Two hosts' clocks: a figure, never a rule; a negative one says only that the clocks differ.
        TimeSpan? blackout = runsSince is { } at && a.PausedAt is { } paused && at > paused ? at - paused : null;
        Tell(a, new Owned(a.Vm, a.Migration, a.Epoch, a.Digest, blackout));
    }

    // Asked by the coordinator: refuses unless it owns, also for an attempt never heard of.
    private void Refuse(MigrationOrder order, string reason)
    {
        if (preparing.TryGetValue(order.Vm, out var waiting) && waiting.Migration == order.Migration) preparing.Remove(order.Vm);
        if (Known(order) is { } a) RefuseAttempt(a, reason, transient: false);
        else RefuseUnknown(order, reason);
    }

    // R7: kill the process, see it dead, write REFUSED, answer.
    private void RefuseAttempt(Attempt a, string reason, bool transient)
    {
        if (a.State == AttemptState.Prepared)
        {
            if (a.Refusing is null)
            {
                a.Refusing = reason;
                a.RefusingTransient = transient;
            }

            Drive(DriverOf(a), new DestroyGuest(a.Vm));
        }
        else
        {
            RepeatWord(a);
            if (a.State == AttemptState.Owned && a.Peer is { } source) effects.Add(new ReplyPeer(source, new PeerOwned(a.Vm, a.Migration, a.Epoch)));
            if (a.State == AttemptState.Refused && a.Peer is { } asker) effects.Add(new ReplyPeer(asker, new PeerRefused(a.Vm, a.Migration, a.Epoch)));
        }
    }

    private void RefuseUnknown(MigrationOrder order, string reason)
    {
        Write(new AttemptRefused(order.Vm, order.Migration, order.Epoch, reason, Transient: false));
        TellRefused(Known(order)!);
    }

    private void RefusedNow(Attempt a)
    {
        Write(new AttemptRefused(a.Vm, a.Migration, a.Epoch, a.Refusing ?? "its copy is gone", a.RefusingTransient));
        a.Refusing = null;
        TellRefused(a);
        if (a.Peer is { } source) effects.Add(new ReplyPeer(source, new PeerRefused(a.Vm, a.Migration, a.Epoch)));
    }

    private void TellRefused(Attempt a) => Tell(a, new Refused(a.Vm, a.Migration, a.Epoch, a.Reason, a.Transient));

    // Stands in for COMMIT: the loaded copy is the last word. A destination that is not loaded refuses.
    private void Forward(GoForward order)
    {
        if (TokenRefusal(order.Grant, order, asSource: false) is { } refusal)
        {
            Log("error", order, $"go-forward refused: {refusal}");
        }
        else if (Known(order) is not { } a)
        {
            RefuseUnknown(order, "never prepared for this attempt");
        }
        else if (a is { State: AttemptState.Prepared, Loaded: not null, Refusing: null } && order.Digest is { } digest && digest != a.Loaded)
        {
            RefuseAttempt(a, $"digest of the memory differs: {a.Loaded} here, {digest} at the source", transient: false);
        }
        else if (a is { State: AttemptState.Prepared, Loaded: not null, Refusing: null })
        {
            Own(a, null);
        }
        else if (a is { State: AttemptState.Prepared, Loaded: null, Refusing: null })
        {
            // A complete copy would be the last one: what the hypervisor may have said already is heard before it is killed.
            a.Forward = order;
        }
        else
        {
            RefuseAttempt(a, NotLoaded, transient: false);
        }
    }

    private void Verify(VerifyIn order)
    {
        if (Known(order) is { State: AttemptState.Owned } a && state.Placements.TryGetValue(a.Vm, out var p) && p.Epoch == a.Epoch)
            Drive(p.Spec.Driver, new VerifyGuest(a.Vm, a.Migration));
        else if (Known(order) is { } known)
            Tell(known, new Verified(order.Vm, order.Migration, order.Epoch, false, "the guest does not run here under this epoch any more"));
    }
}
