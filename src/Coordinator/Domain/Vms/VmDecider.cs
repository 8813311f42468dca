using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

using Decision = Decision<VmEvent>;

/// <summary>Every rule of a placement: one owner, one open migration, epochs that only grow. Pure.</summary>
public static class VmDecider
{
    private const string Nowhere = "no host has it since the store was restored";

    public static Decision Decide(VmState state, VmInput input) => (state, input) switch
    {
        (UnknownVm, Register r) => Decision.Accept(new VmRegistered(r.Vm, r.Spec, r.Host, new Epoch(1), r.Adopt)),
        (UnknownVm, Start or Stop or OpenMigration) => Decision.Refuse("vm.unknown", "there is no such VM", "list them: lm vms get; make one known: lm vms register"),
        (UnknownVm, WordTold { Word: { Placed: { } epoch, Spec: { } spec } word } t) => FoundAt(t.Host, word, epoch, spec),
        (UnknownVm, _) => Decision.Nothing,
        (Vm { Doubted: not null } s, Start or Stop or OpenMigration) => InDoubt(s),
        (Vm s, Register) => Decision.Refuse("vm.exists", $"{s.Id} is known already, on {s.Host}", "choose another name"),
        (Vm s, Start r) => StartIt(s, r),
        (Vm s, Stop r) => StopIt(s, r),
        (Vm s, VmHeard h) => Hear(s, h),
        (Vm s, PlacementAnswered a) => Answered(s, a),
        (Vm s, OpenMigration o) => Open(s, o),
        (Vm s, FollowMigration f) => Follow(s, f.State),
        (Vm s, DoubtPlacement d) => s.Doubted == d.Restore ? Decision.Nothing : Decision.Accept(new PlacementDoubted(d.Restore)),
        (Vm s, WordTold t) => s.Doubted is null ? SeenAt(s, t.Host, t.Word) : Told(s, t.Host, t.Word),
        (Vm { Doubted: not null } s, AllTold) => Trust(s),
        (Vm, AllTold) => Decision.Nothing,
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
        if (o.Source is { } from && from != s.Host) return Decision.Refuse("migration.moved", $"{s.Id} is on {s.Host} by now, not on {from}", "look where it is: lm vms get");
        if (s.Host == o.Destination) return Decision.Refuse("migration.sameHost", $"{s.Id} is on {s.Host} already", "name another destination");
        if (s.Power != VmPower.Running) return Decision.Refuse("vm.notRunning", $"{s.Id} is {s.Power}, not Running", "start it first: lm vms start");
        return Decision.Accept(new MigrationOpened(o.Migration, s.HighestEpoch.Next, o.Destination));
    }

    /// <summary>R9: the attempt is over for the VM when it is terminal and the host that holds the VM has attested.</summary>
    private static Decision Follow(Vm s, MigrationState migration) => migration switch
    {
        Active m when s.Migration != m.Plan.Id => Decision.Nothing,
        // A later placement was adopted since: what became of this attempt says nothing about the VM any more.
        Ended m when m.Plan.Epoch <= s.Epoch => Decision.Accept(Settled(m)),
        Active m when m.Plan.Epoch <= s.Epoch => Decision.Nothing,
        Active m when m.Facts.Cut || s.Doubted is not null => AfterRestore(s, m, Outcome(m)),
        Active m => Outcome(m),
        _ => Decision.Nothing,
    };

    private static Decision Outcome(Active migration) => migration switch
    {
        Ended { Outcome: MigrationOutcome.Completed, Facts.Destination: DestinationWord.Owned } m =>
            Decision.Accept(new PlacementChanged(m.Plan.Destination, m.Plan.Epoch, m.Plan.Claim, m.Plan.Id, m.Outcome)),
        // The source's word, and the destination was written off before it could give its own: it went there, and was lost with it.
        Ended { Outcome: MigrationOutcome.Completed, Facts.DestinationOff: true } m => Decision.Accept(
            new PlacementChanged(m.Plan.Destination, m.Plan.Epoch, m.Plan.Claim, m.Plan.Id, m.Outcome), new VmLost($"its host {m.Plan.Destination} was written off")),
        Ended { Outcome: MigrationOutcome.Aborted } m => FollowAborted(m),
        Ended { Outcome: MigrationOutcome.Lost } m =>
            Decision.Accept(Settled(m), new VmLost(m.Reason)),
        Held { Choice: "resumeSource", Facts.Source: SourceWord.Rejected } m =>
            Decision.Accept(new PlacementChanged(m.Plan.Source, m.NewEpoch, m.Plan.SourceClaim, m.Plan.Id, MigrationOutcome.Held)),
        Held { Choice: not null, Facts.SourceSettled: true } m =>
            Decision.Accept(new MigrationSettled(m.Plan.Id, MigrationOutcome.Held), new VmLost("given up by a person: to be started from disk")),
        _ => Decision.Nothing,
    };

    private static Decision FollowAborted(Ended m)
    {
        var settled = Settled(m);
        if (m.Facts.SourceOff) return Decision.Accept(settled, new VmLost($"its host {m.Plan.Source} was written off"));
        if (m.Facts.Source == SourceWord.RejectedGuestLost) return Decision.Accept(settled, new VmLost($"its memory was lost on {m.Plan.Source}"));
        return m.Facts.Grant is null || m.Facts.Source == SourceWord.Rejected ? Decision.Accept(settled) : Decision.Nothing;
    }

    // A parent decides by it whether to try again.
    private static MigrationSettled Settled(Ended m) => m.Plan.Evacuation is null ? new MigrationSettled(m.Plan.Id, m.Outcome) : new MigrationSettled(m.Plan.Id, m.Outcome, m.Code, m.Reason, m.Transient);

    private static Decision WrittenOff(Vm s, HostId host) =>
        s.Host == host && s.Migration is null && s.Power is not (VmPower.Lost or VmPower.Stopped)
            ? Decision.Accept(new VmLost($"its host {host} was written off"))
            : Decision.Nothing;

    // The host's word on the last attempt that anybody knows of is as good as one on the placement.
    private static Decision AfterRestore(Vm s, Active m, Decision followed)
    {
        var last = m.Plan.Epoch >= s.HighestEpoch;
        List<VmEvent> events = [];
        foreach (var happened in followed.Events)
        {
            var moved = happened as PlacementChanged;
            events.Add(moved is null ? happened : Adopt(s, moved.Host, moved.Epoch, moved.Epoch, running: true, certain: last && !m.Facts.DestinationOff));
            // Somebody knows of a later attempt, and every host was asked: it went there, and was lost.
            if (moved is not null && !last && s.Doubted is null) events.Add(new VmLost(Nowhere));
        }

        if (events.Count > 0 && last && m is Ended { Outcome: MigrationOutcome.Aborted, Facts.Source: SourceWord.Rejected } && m.Plan.Source == s.Host)
            events.Add(Adopt(s, s.Host, s.Epoch, s.HighestEpoch, running: true, certain: true));
        return Decision.Accept(events);
    }

    // Registered after the backup was made.
    private static Decision FoundAt(HostId host, VmWord word, Epoch epoch, GuestSpec spec)
    {
        List<VmEvent> events = [new VmRegistered(word.Vm, spec, host, epoch, Adopted: true)];
        if (word.Highest > epoch) events.Add(new HigherEpochHeard(host, word.Highest));
        if (Opened(host, word, epoch) is { } opened) events.Add(opened);
        return Decision.Accept(events);
    }

    // A placement with nothing open is the only one there can be: whoever else held the VM since would have had it from this host. What is open decides first.
    private static Decision Told(Vm s, HostId host, VmWord word)
    {
        if (word.Placed < s.Epoch) return Seen(s, host, word.Placed.Value);
        var changes = word.Placed is { } placed && (host, placed) != (s.Host, s.Epoch);
        List<VmEvent> events = [];
        if (word.Placed is { } epoch && (changes || word.Open.Count == 0)) events.Add(Adopt(s, host, epoch, word.Highest, word.Ran, certain: word.Open.Count == 0));
        else if (word.Highest > s.HighestEpoch) events.Add(new HigherEpochHeard(host, word.Highest));
        if (Opened(host, word, s.HighestEpoch) is { } opened && opened.Migration != s.Migration) events.Add(opened);
        return Decision.Accept(events);
    }

    private static MigrationAdopted? Opened(HostId host, VmWord word, Epoch known) => word.Open.MaxBy(o => o.Epoch) is { } open && open.Epoch >= known
        ? new MigrationAdopted(open.Migration, open.Epoch, open.Role == MigrationRole.Source ? open.Peer : host)
        : null;

    private static PlacementAdopted Adopt(Vm s, HostId host, Epoch epoch, Epoch highest, bool running, bool certain) =>
        new(host, epoch, highest, host == s.Host && epoch == s.Epoch ? s.Claim : $"{s.Id.StreamKey}.{epoch}", running, certain);

    // Nobody who was asked has it: an attempt that is open will say where it is, or it went with a host that is gone.
    private static Decision Trust(Vm s) => s.Migration is null && (s.Power == VmPower.Running || (s.Power == VmPower.Starting && s.HighestEpoch > s.Epoch))
        ? Decision.Accept(new VmLost(Nowhere), new PlacementTrusted())
        : Decision.Accept(new PlacementTrusted());

    private static Decision SeenAt(Vm s, HostId host, VmWord word) =>
        word is { Placed: { } epoch, Open.Count: 0 } && (host != s.Host || epoch != s.Epoch) ? Seen(s, host, epoch) : Decision.Nothing;

    private static Decision Seen(Vm s, HostId host, Epoch epoch) =>
        s.Conflict is null ? Decision.Accept(new VmConflicted(host, $"placed there under epoch {epoch}, and on {s.Host} under {s.Epoch}")) : Decision.Nothing;

    private static Decision InDoubt(Vm s) => Decision.Refuse(
        "vm.inDoubt", $"the store was restored from a backup, and where {s.Id} runs is not known again yet", "wait until every host has connected; write off those that are gone: lm hosts get");

    private static Decision Moving(Vm s, MigrationId open) =>
        Decision.Refuse("vm.migrating", $"{s.Id} is being moved by {open}", $"wait for it or cancel it: lm migrations cancel {open}");

    private static Decision Runs(Vm s) => Decision.Refuse("vm.running", $"{s.Id} runs on {s.Host}", "migrate it instead: lm migrate");
}
