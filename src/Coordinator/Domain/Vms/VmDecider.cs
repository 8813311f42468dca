using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

using Decision = Decision<VmEvent>;

/// <summary>Every rule of a placement: one owner, one open migration, epochs that only grow. Pure.</summary>
public static class VmDecider
{
    public static Decision Decide(VmState state, VmInput input) => (state, input) switch
    {
        (UnknownVm, Register r) => Decision.Accept(new VmRegistered(r.Vm, r.Spec, r.Host, new Epoch(1), r.Adopt)),
        (UnknownVm, Start or Stop or OpenMigration) => Decision.Refuse("vm.unknown", "there is no such VM", "list them: lm vms get; make one known: lm vms register"),
        (UnknownVm, _) => Decision.Nothing,
        (Vm s, Register) => Decision.Refuse("vm.exists", $"{s.Id} is known already, on {s.Host}", "choose another name"),
        (Vm s, Start r) => StartIt(s, r),
        (Vm s, Stop r) => StopIt(s, r),
        (Vm s, VmHeard h) => Hear(s, h),
        (Vm s, PlacementAnswered a) => Answered(s, a),
        (Vm s, OpenMigration o) => Open(s, o),
        (Vm s, FollowMigration f) => Follow(s, f.State),
        (Vm s, VmHostWrittenOff w) => WrittenOff(s, w.Host),
        _ => throw new CorruptHistoryException(state, input),
    };

    private static Decision StartIt(Vm s, Start r)
    {
        if (s.Migration is { } open) return Moving(s, open);
        if (s.Power is VmPower.Running or VmPower.Starting) return s.Host == (r.Host ?? s.Host) ? Decision.Nothing : Runs(s);
        // One former place at a time can be given back; a second one would be forgotten and count for ever.
        if (s.ToReturn is { } old && r.Host is { } other && other != s.Host)
            return Decision.Refuse("vm.settling", $"{s.Id}'s former place on {old.Host} is still being given back", "send the request again in a moment");
        if (s.Power == VmPower.Stopping) return Decision.Refuse("vm.stopping", $"{s.Id} is being stopped on {s.Host}", "wait until it is Stopped");
        return Decision.Accept(new VmStartOrdered(r.Host ?? s.Host, s.HighestEpoch.Next, r.Reason));
    }

    private static Decision StopIt(Vm s, Stop r)
    {
        if (s.Migration is { } open) return Moving(s, open);
        return s.Power is VmPower.Stopped or VmPower.Lost or VmPower.Stopping ? Decision.Nothing : Decision.Accept(new VmStopOrdered(r.Reason));
    }

    private static Decision Hear(Vm s, VmHeard heard) => heard.Report switch
    {
        VmConflict c => s.Conflict is null ? Decision.Accept(new VmConflicted(heard.Host, c.Detail)) : Decision.Nothing,
        _ when heard.Host != s.Host || heard.Report.Epoch != s.Epoch => Decision.Nothing,
        VmRunning when s.Power == VmPower.Starting => Decision.Accept(new VmStarted(s.Epoch)),
        VmFailed f when s.Power == VmPower.Starting => Decision.Accept(new VmStartFailed(f.Reason)),
        VmStopped when s.Power == VmPower.Stopping => Decision.Accept(new VmStopConfirmed()),
        VmGone when s.Power == VmPower.Stopping => Decision.Accept(new VmStopConfirmed()),
        VmGone g when s.Power is VmPower.Running or VmPower.Starting => Decision.Accept(new VmLost(g.Reason)),
        _ => Decision.Nothing,
    };

    private static Decision Answered(Vm s, PlacementAnswered a)
    {
        if (a.Returned) return s.ToReturn?.Claim == a.Claim ? Decision.Accept(new OldPlacementReturned(a.Claim)) : Decision.Nothing;
        return !s.ClaimCounted && s.Claim == a.Claim ? Decision.Accept(new PlacementCounted(a.Claim)) : Decision.Nothing;
    }

    private static Decision Open(Vm s, OpenMigration o)
    {
        if (s.Migration is { } open) return Moving(s, open);
        if (s.Host == o.Destination) return Decision.Refuse("migration.sameHost", $"{s.Id} is on {s.Host} already", "name another destination");
        if (s.Power != VmPower.Running) return Decision.Refuse("vm.notRunning", $"{s.Id} is {s.Power}, not Running", "start it first: lm vms start");
        return Decision.Accept(new MigrationOpened(o.Migration, s.HighestEpoch.Next, o.Destination));
    }

    /// <summary>R9: the attempt is over for the VM when it is terminal and the host that holds the VM has attested.</summary>
    private static Decision Follow(Vm s, MigrationState migration) => migration switch
    {
        Active m when s.Migration != m.Plan.Id => Decision.Nothing,
        Ended { Outcome: MigrationOutcome.Completed, Facts.Destination: DestinationWord.Owned } m =>
            Decision.Accept(new PlacementChanged(m.Plan.Destination, m.Plan.Epoch, m.Plan.Claim, m.Plan.Id, m.Outcome)),
        // The source's word, and the destination was written off before it could give its own: it went there, and was lost with it.
        Ended { Outcome: MigrationOutcome.Completed, Facts.DestinationOff: true } m => Decision.Accept(
            new PlacementChanged(m.Plan.Destination, m.Plan.Epoch, m.Plan.Claim, m.Plan.Id, m.Outcome), new VmLost($"its host {m.Plan.Destination} was written off")),
        Ended { Outcome: MigrationOutcome.Aborted } m => FollowAborted(m),
        Ended { Outcome: MigrationOutcome.Lost } m =>
            Decision.Accept(new MigrationSettled(m.Plan.Id, m.Outcome), new VmLost(m.Reason)),
        Held { Choice: "resumeSource", Facts.Source: SourceWord.Rejected } m =>
            Decision.Accept(new PlacementChanged(m.Plan.Source, m.NewEpoch, m.Plan.SourceClaim, m.Plan.Id, MigrationOutcome.Held)),
        Held { Choice: not null, Facts.SourceSettled: true } m =>
            Decision.Accept(new MigrationSettled(m.Plan.Id, MigrationOutcome.Held), new VmLost("given up by a person: to be started from disk")),
        _ => Decision.Nothing,
    };

    private static Decision FollowAborted(Ended m)
    {
        var settled = new MigrationSettled(m.Plan.Id, m.Outcome);
        if (m.Facts.SourceOff) return Decision.Accept(settled, new VmLost($"its host {m.Plan.Source} was written off"));
        if (m.Facts.Source == SourceWord.RejectedGuestLost) return Decision.Accept(settled, new VmLost($"its memory was lost on {m.Plan.Source}"));
        return m.Facts.Grant is null || m.Facts.Source == SourceWord.Rejected ? Decision.Accept(settled) : Decision.Nothing;
    }

    private static Decision WrittenOff(Vm s, HostId host) =>
        s.Host == host && s.Migration is null && s.Power is not (VmPower.Lost or VmPower.Stopped)
            ? Decision.Accept(new VmLost($"its host {host} was written off"))
            : Decision.Nothing;

    private static Decision Moving(Vm s, MigrationId open) =>
        Decision.Refuse("vm.migrating", $"{s.Id} is being moved by {open}", $"wait for it or cancel it: lm migrations cancel {open}");

    private static Decision Runs(Vm s) => Decision.Refuse("vm.running", $"{s.Id} runs on {s.Host}", "migrate it instead: lm migrate");
}
