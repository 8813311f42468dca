using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>Placements outside a migration, and what the drivers say of guests.</summary>
public sealed partial class AgentMachine
{
    private void ReceiveVm(VmOrder order)
    {
        switch (order)
        {
            case StartVm o:
                Start(o);
                break;
            case AdoptVm o:
                Adopt(o);
                break;
            case StopVm o:
                Stop(o);
                break;
        }
    }

    private void Start(StartVm order)
    {
        if (IsAnswered(order)) return;
        if (state.AttemptsOf(order.Vm).Any(a => a.State == AttemptState.Intent))
        {
            Decline(order, "an earlier hand-off of this VM is not settled on this host");
            return;
        }

        if (IsOwnerless(order.Vm))
        {
            Decline(order, "a guest of this name runs on this host without an owner: adopt it, or end it by hand");
            return;
        }

        // Whatever is left of lower epochs goes first; then OWNED, then the guest.
        starting[order.Vm] = order;
        Drive(order.Spec.Driver, new DestroyGuest(order.Vm));
    }

    // Durable before it is said: the VM may be started elsewhere now, and this order may be repeated when what stood in its way is gone.
    private void Decline(VmOrder order, string reason)
    {
        Write(new VmEnded(order.Vm, order.Epoch, reason));
        TellVm(new VmFailed(order.Vm, order.Epoch, reason));
    }

    private void StartNow(StartVm order)
    {
        foreach (var a in state.AttemptsOf(order.Vm).Where(a => a.State == AttemptState.Prepared).ToList())
            Write(new AttemptRefused(a.Vm, a.Migration, a.Epoch, "the VM was started here under a newer epoch", Transient: false));
        Write(new Placed(order.Vm, order.Epoch, order.Spec, Adopted: false));
        Drive(order.Spec.Driver, new StartGuest(order.Vm, order.Spec, order.Epoch));
    }

    private void Adopt(AdoptVm order)
    {
        if (IsAnswered(order)) return;
        if (!guests.TryGetValue(order.Vm, out var found) || found.State != GuestRunState.Running)
        {
            Decline(order, found is null ? "no such guest runs on this host" : $"the guest is {found.State}, not Running");
            return;
        }

        Write(new Placed(order.Vm, order.Epoch, order.Spec, Adopted: true));
        Write(new VmRan(order.Vm, order.Epoch));
        TellVm(new VmRunning(order.Vm, order.Epoch));
    }

    // Running, and this journal knows nothing of it: never killed by machine (rule 19).
    private bool IsOwnerless(VmId vm) =>
        guests.TryGetValue(vm, out var found) && found.State == GuestRunState.Running && !state.Placements.ContainsKey(vm) && !state.AttemptsOf(vm).Any();

    // A repeat, or an order of an epoch that is over.
    private bool IsAnswered(VmOrder order)
    {
        if (starting.ContainsKey(order.Vm)) return true;
        if (state.Placements.TryGetValue(order.Vm, out var p) && p.Epoch == order.Epoch)
        {
            if (p.Ran) TellVm(new VmRunning(order.Vm, order.Epoch));
            return true;
        }

        if (state.Ended.TryGetValue(order.Vm, out var ended) && ended.Epoch == order.Epoch)
        {
            // A late repeat must not replace an unheard "gone" by "never ran", which nobody heeds once it ran.
            TellVm(state.Gone.Contains(order.Vm) ? new VmGone(order.Vm, order.Epoch, ended.Reason) : new VmFailed(order.Vm, order.Epoch, ended.Reason));
            return true;
        }

        if (order.Epoch > state.HighestOf(order.Vm)) return false;
        Log("warning", order, $"epoch {order.Epoch} is over: {state.HighestOf(order.Vm)} was heard of");
        return true;
    }

    private void Stop(StopVm order)
    {
        if (state.Placements.TryGetValue(order.Vm, out var p) && p.Epoch == order.Epoch)
        {
            p.Stopping = true;
            Drive(p.Spec.Driver, new DestroyGuest(order.Vm));
        }
        else if (order.Epoch <= state.HighestOf(order.Vm))
        {
            TellVm(new VmStopped(order.Vm, order.Epoch));
        }
    }

    private void HearRunning(GuestRunning e)
    {
        guests[e.Vm] = new DiscoveredGuest(e.Vm, null, GuestRunState.Running, null, null);
        if (state.Placements.TryGetValue(e.Vm, out var p) && !p.Ran)
        {
            Write(new VmRan(e.Vm, p.Epoch));
            if (state.AttemptsOf(e.Vm).FirstOrDefault(a => a.State == AttemptState.Owned && a.Epoch == p.Epoch) is { } owned) TellOwned(owned, e.At);
            else TellVm(new VmRunning(e.Vm, p.Epoch));
        }

        if (LastRejected(e.Vm) is not { } rejected) return;
        rejected.Resuming = false;
        TellRejected(rejected);
    }

    // The attempt whose REJECTED made the guest run again.
    private Attempt? LastRejected(VmId vm)
    {
        Attempt? last = null;
        foreach (var a in state.AttemptsOf(vm))
        {
            if (a.State == AttemptState.Rejected && (last is null || a.Epoch > last.Epoch)) last = a;
        }

        return last;
    }

    private void HearFailed(GuestFailed e)
    {
        if (!state.Placements.TryGetValue(e.Vm, out var p)) return;
        if (state.AttemptsOf(e.Vm).FirstOrDefault(a => a.State == AttemptState.Owned && a.Epoch == p.Epoch) is { } owned)
        {
            // The decision stands: this host owns a guest that does not start. A person must look; it is told as it is.
            Log("error", owned, $"the guest is owned here but does not run: {e.Reason}");
            TellOwned(owned, null);
        }
        else if (!p.Ran)
        {
            Write(new VmEnded(e.Vm, p.Epoch, e.Reason));
            TellVm(new VmFailed(e.Vm, p.Epoch, e.Reason));
        }
    }

    private void HearDead(VmId vm)
    {
        guests.Remove(vm);
        foreach (var a in state.AttemptsOf(vm).ToList())
        {
            if (a is { State: AttemptState.Prepared, Refusing: not null }) RefusedNow(a);
            else if (a.State == AttemptState.Released) Tell(a, new Released(a.Vm, a.Migration, a.Epoch));
        }

        if (state.Placements.TryGetValue(vm, out var p) && p.Stopping)
        {
            Write(new VmEnded(vm, p.Epoch, VmEnded.Stopped));
            TellVm(new VmStopped(vm, p.Epoch));
        }

        if (starting.Remove(vm, out var start)) StartNow(start);
        else if (preparing.Remove(vm, out var order)) PrepareNow(order);
    }

    // A guest process that is gone equals a host that lost its memory.
    private void HearVanished(GuestVanished e)
    {
        guests.Remove(e.Vm);
        if (LastRejected(e.Vm) is { Resuming: true } resuming)
        {
            resuming.Resuming = false;
            resuming.GuestGone = true;
            TellRejected(resuming);
        }

        foreach (var a in state.AttemptsOf(e.Vm).ToList()) Vanished(a, e.Reason);
        if (!state.Placements.TryGetValue(e.Vm, out var p)) return;
        var open = state.AttemptsOf(e.Vm).Any(a => a.State == AttemptState.Intent);
        if (open) return;
        Write(new VmEnded(e.Vm, p.Epoch, e.Reason));
        // It died before it ran: that it was owned here has not been said yet, and nothing else would say it.
        if (state.AttemptsOf(e.Vm).FirstOrDefault(a => a.State == AttemptState.Owned && a.Epoch == p.Epoch) is { } owned) TellOwned(owned, null);
        TellVm(p.Stopping ? new VmStopped(e.Vm, p.Epoch) : new VmGone(e.Vm, p.Epoch, e.Reason));
    }

    private void Vanished(Attempt a, string reason)
    {
        switch (a.State)
        {
            case AttemptState.Begun:
                a.GuestGone = true;
                Reject(a, $"the guest died: {reason}", transient: false);
                break;
            case AttemptState.Intent:
                a.GuestGone = true;
                Tell(a, new SourceGone(a.Vm, a.Migration, a.Epoch));
                break;
            case AttemptState.Prepared:
                a.Refusing ??= $"the receiving guest died: {reason}";
                a.RefusingTransient = true;
                RefusedNow(a);
                break;
            case AttemptState.Released:
                Tell(a, new Released(a.Vm, a.Migration, a.Epoch));
                break;
        }
    }
}
