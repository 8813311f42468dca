using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>S1: at most one copy runs. S2: a complete, current copy is left. S3: a copy that resumes holds every write.</summary>
internal sealed class GuestChecks(SimWorld world)
{
    /// <summary>How many writes there are, those of the running copy included.</summary>
    public int Written(SimVm vm)
    {
        foreach (var host in world.Hosts)
        {
            if (host.Hypervisor.Find(vm.Id) is { State: GuestRunState.Running } guest && guest.Content > vm.Written) vm.Written = guest.Content;
        }

        return vm.Written;
    }

    public void Touched(SimVm vm)
    {
        var running = 0;
        var written = Written(vm);
        var current = false;
        foreach (var host in world.Hosts)
        {
            if (host.Hypervisor.Find(vm.Id) is not { } guest) continue;
            if (guest.State == GuestRunState.Running) running++;
            current |= guest.IsComplete && guest.Content == written;
        }

        if (running > 1) world.Checks.Violation($"S1: {vm.Id} runs {running} times");
        if (current || vm.Lost || vm.MayStop || !vm.Exists) return;
        world.Checks.Violation($"S2: no complete, current copy of {vm.Id} is left");
        vm.Lost = true;
    }

    /// <summary>The copy is about to run.</summary>
    public void Runs(SimHost host, SimGuest guest)
    {
        var vm = guest.Vm;
        if (guest.IsCorrupted && guest.Migration is { } forward && world.Checks.WentForward(forward) && vm.CommitSeen != forward)
        {
            // Without COMMIT there is no digest to compare: a known limit of going forward, counted and not hidden.
            world.Seen.Add("went forward with a corrupted copy");
            vm.Written = guest.Content;
        }

        if (guest.Content < Written(vm) && guest.Migration is { } resolved && world.Checks.IsResolved(resolved))
        {
            // What the destination did after OWNED went down with it, and two persons chose the source's copy knowing that (hand-off 2.5).
            world.Seen.Add("a person gave up what the destination had written");
            vm.Written = guest.Content;
        }

        if (guest.Content < Written(vm)) world.Checks.Violation($"S3: {vm.Id} resumes on {host} with {guest.Content} of {vm.Written} writes");
        vm.Lost = false;
        vm.DownAt = null;
    }

    /// <summary>
    /// A host fault ends a copy. If it was the last current one, or nothing could prove that another one is the last word, the guest is lost
    /// by right; otherwise the protocol still owes it.
    /// </summary>
    /// <param name="word">The host's last word about the attempt.</param>
    public void CopyGone(SimHost host, SimGuest guest, bool comesBack, string? word)
    {
        var vm = guest.Vm;
        if (word == "AttemptPrepared") vm.DiedAt = host;
        if (word == "IntentJournaled" && guest.RolledBack == guest.Migration) vm.DiedRolledBack = guest.Migration;
        if (!guest.IsComplete || guest.Content != Written(vm)) return;
        var another = world.Hosts.Any(h => h != host && h.Hypervisor.Find(vm.Id) is { IsComplete: true } copy && copy.Content == vm.Written);
        var wasSource = word is not "AttemptOwned" and not "AttemptPrepared";
        var asked = vm.AskedRefusal is not null && vm.AskedRefusal == guest.Migration;
        var inLog = vm.CommitSeen is not null && vm.CommitSeen == guest.Migration;
        var inJournal = vm.Guarded && comesBack && word == "IntentJournaled";
        if (!another || word == "AttemptOwned" || (wasSource && (asked || !(inLog || inJournal)))) vm.Lost = true;
        else if (wasSource && !inLog) vm.DownAt = host;
    }

    /// <summary>A host decided that it owns a copy. If that died an instant before, unheard of, the guest is lost with it by right.</summary>
    public void Owned(SimHost host, SimVm vm)
    {
        if (vm.DiedAt != host || host.Hypervisor.Find(vm.Id) is not null) return;
        world.Seen.Add("owned a copy that had just died");
        vm.Lost = true;
    }

    /// <summary>
    /// A transfer that failed is rejected whatever the destination has (hand-off, R6). If the guest died before its agent heard of the failure,
    /// it is lost as it would have been a moment after REJECTED.
    /// </summary>
    public void Rejected(SimHost host, SimVm vm, MigrationId migration)
    {
        if (vm.DiedRolledBack != migration || host.Hypervisor.Find(vm.Id) is not null) return;
        world.Seen.Add("rejected a copy that had just died");
        vm.Lost = true;
    }

    public void NeverBack(SimHost host)
    {
        foreach (var vm in world.Vms)
        {
            if (vm.DownAt == host) vm.Lost = true;
        }
    }
}
