using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>The first step of an incarnation: what the operating system shows, beside what the journal says.</summary>
public sealed partial class AgentMachine
{
    private void Recover(AgentStarted started)
    {
        var rebooted = state.BootId.Length > 0 && state.BootId != started.BootId;
        Write(new Started(state.StartCount + 1, started.BootId));
        foreach (var guest in started.Guests) guests[guest.Vm] = guest;
        foreach (var a in state.Attempts.Values.ToList())
        {
            if (a.Plan is not null) RecoverSource(a);
            else RecoverDestination(a);
        }

        foreach (var p in state.Placements.Values.ToList()) RecoverPlacement(p, rebooted);
        // Said before the coordinator knew the epoch, or never: it is said again, for nobody will ask.
        foreach (var vm in state.Gone) TellVm(new VmGone(vm, state.Ended[vm].Epoch, state.Ended[vm].Reason));
        foreach (var guest in started.Guests) Report(guest);
    }

    private void RecoverSource(Attempt a)
    {
        var guest = guests.GetValueOrDefault(a.Vm);
        a.GuestGone = guest is null && a.State is AttemptState.Begun or AttemptState.Intent;
        switch (a.State)
        {
            case AttemptState.Begun when guest is null:
                Reject(a, "the guest was lost with its host", transient: false);
                break;
            case AttemptState.Begun:
                // Killed source agent in pre-copy: the same migration goes on, with what the guest's process still knows.
                a.Transfer = Transfer.Copying;
                a.Commit = CommitKnowledge.Unsent;
                Drive(DriverOf(a), new StartOutgoing(a.Vm, a.Plan!, Resume: true, Link: state.StartCount << 16));
                break;
            case AttemptState.Intent when guest is null:
                Tell(a, new SourceGone(a.Vm, a.Migration, a.Epoch));
                break;
            case AttemptState.Intent when guest.State == GuestRunState.Completed:
                a.Transfer = Transfer.Completed;
                a.Commit = CommitKnowledge.Unknown;
                AskDestination(a, "the source's agent restarted and does not know whether COMMIT was sent");
                break;
            case AttemptState.Intent:
                // Not completed, so nothing was committed: abort, and read what became of it. Completed after all means: ask.
                a.Transfer = Transfer.Stopping;
                a.Commit = CommitKnowledge.Unknown;
                a.Aborting = "the source's agent restarted during the hand-off";
                Drive(DriverOf(a), new AbortOutgoing(a.Vm, a.Migration));
                break;
            case AttemptState.Rejected when IsNewest(a):
                RecoverRejected(a, guest);
                break;
            case AttemptState.Released when guest is not null && !state.Placements.ContainsKey(a.Vm) && IsNewest(a):
                Drive(DriverOf(a), new DestroyGuest(a.Vm));
                break;
            case AttemptState.Released:
                Tell(a, new Released(a.Vm, a.Migration, a.Epoch));
                break;
        }
    }

    private void RecoverRejected(Attempt a, DiscoveredGuest? guest)
    {
        a.GuestGone = guest is null;
        if (guest is { State: GuestRunState.Paused or GuestRunState.Completed } && state.Placements.TryGetValue(a.Vm, out var p))
        {
            a.Resuming = true;
            Drive(DriverOf(a), new RunGuest(a.Vm, p.Epoch));
        }
        else
        {
            TellRejected(a);
        }
    }

    private void RecoverDestination(Attempt a)
    {
        var guest = guests.GetValueOrDefault(a.Vm);
        switch (a.State)
        {
            case AttemptState.Prepared when guest is null:
                a.Refusing = "the destination came back without the copy";
                a.RefusingTransient = true;
                RefusedNow(a);
                break;
            case AttemptState.Prepared when guest.State == GuestRunState.Loaded:
                a.Loaded = guest.LoadedDigest;
                a.Ready = true;
                break;
            case AttemptState.Prepared when a.Order!.Spec.Driver == "qemu":
                // QEMU receives by itself and may become complete: only an answer to a question may end it.
                a.Ready = true;
                break;
            case AttemptState.Prepared:
                // The agent itself was the receiver: this copy is partial for ever, so nothing is lost by killing it.
                RefuseAttempt(a, "the destination's agent restarted during pre-copy", transient: true);
                break;
            case AttemptState.Owned when state.Placements.TryGetValue(a.Vm, out var p) && p.Epoch == a.Epoch:
                TellOwned(a, null);
                break;
            case AttemptState.Refused when guest is not null && guest.Migration == a.Migration && !state.Placements.ContainsKey(a.Vm):
                Drive(DriverOf(a), new DestroyGuest(a.Vm));
                TellRefused(a);
                break;
            case AttemptState.Refused or AttemptState.Rejected or AttemptState.Owned:
                RepeatWord(a);
                break;
        }
    }

    private void RecoverPlacement(Placement p, bool rebooted)
    {
        if (state.AttemptsOf(p.Vm).Any(a => a.State == AttemptState.Intent)) return;
        var guest = guests.GetValueOrDefault(p.Vm);
        if (guest is null && (p.Ran || rebooted))
        {
            var reason = rebooted ? "the host rebooted" : "the guest's process was gone when the agent started";
            Write(new VmEnded(p.Vm, p.Epoch, reason));
            TellVm(new VmGone(p.Vm, p.Epoch, reason));
        }
        else if (guest is null)
        {
            // OWNED is on disk and the guest never ran: an Owned copy that is gone is lost, a start is done again.
            if (state.AttemptsOf(p.Vm).Any(a => a.State == AttemptState.Owned && a.Epoch == p.Epoch))
            {
                Write(new VmEnded(p.Vm, p.Epoch, "the copy was gone when the agent started"));
                TellVm(new VmGone(p.Vm, p.Epoch, "the copy was gone when the agent started"));
            }
            else
            {
                Drive(p.Spec.Driver, new StartGuest(p.Vm, p.Spec, p.Epoch));
            }
        }
        else if (!p.Ran)
        {
            Drive(p.Spec.Driver, new RunGuest(p.Vm, p.Epoch));
        }
    }

    // OS reality without a journal entry is reported, never answered with a refusal and never killed (rules 18, 19).
    private void Report(DiscoveredGuest guest)
    {
        if (state.Placements.ContainsKey(guest.Vm) || state.AttemptsOf(guest.Vm).Any()) return;
        if (guest.State == GuestRunState.Running) TellVm(new VmConflict(guest.Vm, state.HighestOf(guest.Vm), $"a guest of this name runs on {identity.Host} without an owner"));
    }

    private VmWord WordOf(VmId vm)
    {
        var placed = state.Placements.GetValueOrDefault(vm);
        return new VmWord(vm, state.HighestOf(vm), placed?.Epoch, placed?.Spec, placed?.Ran ?? false, [.. state.AttemptsOf(vm).Select(OpenOf).OfType<OpenAttempt>()]);
    }

    private static OpenAttempt? OpenOf(Attempt a) => a switch
    {
        { State: AttemptState.Begun or AttemptState.Intent, Plan: { } p } => new OpenAttempt(a.Migration, a.Epoch, MigrationRole.Source, p.Destination, p.Spec, p.Policy),
        { State: AttemptState.Prepared, Order: { } o } => new OpenAttempt(a.Migration, a.Epoch, MigrationRole.Destination, o.Source, o.Spec, o.Policy),
        _ => null,
    };

    // The store has forgotten what it acknowledged: every word is said again, and its orders are counted anew.
    private void TellEverything(string restore)
    {
        Write(new StoreRestored(restore));
        foreach (var a in state.Attempts.Values.ToList()) RepeatWord(a);
        foreach (var vm in state.Gone) TellVm(new VmGone(vm, state.Ended[vm].Epoch, state.Ended[vm].Reason));
    }

    private bool IsNewest(Attempt a) => state.HighestOf(a.Vm) == a.Epoch || !state.AttemptsOf(a.Vm).Any(o => o.Epoch > a.Epoch);
}
