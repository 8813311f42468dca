using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Hosts;

using Decision = Decision<HostEvent>;

/// <summary>Every rule of a host. Cordon and capacity are final here, at the claim; a check elsewhere is advice. Pure.</summary>
public static class HostDecider
{
    public static Decision Decide(HostState s, HostInput input) => input switch
    {
        Admit a => AdmitIt(s, a),
        Enrol e => EnrolIt(s, e),
        Cordon or Uncordon or WriteOff or Retire when s.Id is null => Decision.Refuse("host.unknown", "there is no such host", "list them: lm hosts get"),
        Retire r => RetireIt(s, r),
        Uncordon when s.RetiredReason is not null => Retired(s),
        Cordon c => s.CordonReason is null ? Decision.Accept(new HostCordoned(c.Reason)) : Decision.Nothing,
        Uncordon { Cordoned: { } only } when s.CordonReason != only => Decision.Nothing,
        Uncordon when s.WrittenOffReason is not null =>
            Decision.Refuse("host.writtenOff", $"{s.Id} was written off: {s.WrittenOffReason}", "enrol the machine under a new host name"),
        Uncordon u => s.CordonReason is null ? Decision.Nothing : Decision.Accept(new HostUncordoned(u.Reason)),
        WriteOff w => s.WrittenOffReason is null ? Decision.Accept(new HostDeclaredLost(w.Reason, w.AttestedBy)) : Decision.Nothing,
        ClaimCapacity c => Claim(s, c),
        ReleaseCapacity r => s.AnswerTo(r.Claim) is { Refusal: null } ? Decision.Nothing : Decision.Accept(new CapacityReleased(r.Claim)),
        _ => throw new CorruptHistoryException(s, input),
    };

    /// <summary>What a claim's owner is told, for ever: null when it is granted; only for a claim that was decided.</summary>
    public static Problem? AnswerTo(HostState s, string claim) => s.AnswerTo(claim) is { } known
        ? known.Refusal ?? Problem.Error("claim.released", "this claim was given back before", "start a new migration")
        : null;

    private static Decision EnrolIt(HostState s, Enrol e)
    {
        if (s.RetiredReason is not null) return Retired(s);
        if (s.WrittenOffReason is not null)
            return Decision.Refuse("host.writtenOff", $"{e.Host} was written off: {s.WrittenOffReason}", "a name is never used again: choose another one");
        return s.Id is null ? Decision.Accept(new HostEnrolled(e.Host, e.Reason)) : Decision.Nothing;
    }

    // Cordoned first, so that nothing comes while somebody looks whether anything is there. A claim is a guest that is here, or a migration that involves it.
    private static Decision RetireIt(HostState s, Retire r)
    {
        if (s.RetiredReason is not null || s.WrittenOffReason is not null) return Decision.Nothing;
        if (s.CordonReason is null) return Decision.Refuse("host.notCordoned", $"{s.Id} still takes new guests", $"lm hosts cordon {s.Id}, move its guests away, and retire it then");
        if (s.Claims.Count > 0)
        {
            var guests = s.Claims.Values.Select(claim => claim.Vm.Value).Distinct().Order(StringComparer.Ordinal).ToList();
            return Decision.Refuse("host.inUse", $"{guests.Count} guests are on {s.Id} or on their way: {string.Join(", ", guests.Take(5))}", "move them, or start those that are stopped or lost elsewhere");
        }

        return Decision.Accept(new HostRetired(r.Reason));
    }

    private static Decision Retired(HostState s) => Decision.Refuse("host.retired", $"{s.Id} was retired: {s.RetiredReason}", "a name is never used again: enrol the machine under a new one");

    // Rule 18: a host id belongs to one journal, and its starts are counted.
    private static Decision AdmitIt(HostState s, Admit a)
    {
        if (s.RetiredReason is not null) return Retired(s);
        if (a.EnrolmentRequired && s.Id is null)
            return Decision.Refuse("host.notEnrolled", $"nobody has enrolled {a.Host}", $"if it belongs here: lm hosts enrol {a.Host}");
        if (s.WrittenOffReason is not null)
            return Decision.Refuse("host.writtenOff", $"{a.Host} was written off: {s.WrittenOffReason}", "enrol the machine under a new host name");
        if (s.JournalId is not null && s.JournalId != a.JournalId)
            return Decision.Refuse("host.otherJournal", $"{a.Host} belongs to journal {s.JournalId}, not {a.JournalId}", "a replaced machine is a new host: write the old one off and enrol under a new name");
        if (a.StartCount < s.StartCount)
            return Decision.Refuse("host.oldJournal", $"start {a.StartCount} of {a.Host} is older than start {s.StartCount}: its journal went backwards", "the host was restored from an old copy: write it off and enrol it under a new name");
        return a.StartCount == s.StartCount && a.Facts.Memory == s.Facts?.Memory && a.Facts.Address == s.Facts?.Address && a.Facts.PeerPort == s.Facts?.PeerPort
            ? Decision.Nothing
            : Decision.Accept(new HostAdmitted(a.Host, a.JournalId, a.StartCount, a.BootId, a.Facts));
    }

    private static Decision Claim(HostState s, ClaimCapacity c)
    {
        if (s.Claims.ContainsKey(c.Claim) || s.AnswerTo(c.Claim) is not null) return Decision.Nothing;
        return c.Occupies || WhyNot(s, c.What) is not { } problem
            ? Decision.Accept(new CapacityClaimed(c.Claim, c.What))
            : Decision.Accept(new CapacityRefused(c.Claim, problem));
    }

    /// <summary>Why this guest cannot be received now, or null.</summary>
    public static Problem? WhyNot(HostState s, CapacityClaim what)
    {
        if (s.Id is null || s.Facts is null)
            return Problem.Error("host.unknown", "the destination host has never connected", "start its agent, or name another host: lm hosts get");
        if (s.WrittenOffReason is not null)
            return Problem.Error("host.writtenOff", $"{s.Id} was written off: {s.WrittenOffReason}", "name another destination");
        if (s.RetiredReason is not null)
            return Problem.Error("host.retired", $"{s.Id} was retired: {s.RetiredReason}", "name another destination");
        if (s.CordonReason is not null)
            return Problem.Error("host.cordoned", $"{s.Id} takes no new guests: {s.CordonReason}", $"name another destination, or lm hosts uncordon {s.Id}");
        var memory = new ByteCount((long)(s.Facts.Memory.Value * (1 - HostState.MemoryReserve)));
        if (s.ClaimedMemory + what.Memory > memory)
            return Problem.Error("host.memory", $"{s.Id} would keep less than {HostState.MemoryReserve:P0} of its {s.Facts.Memory} free: {s.ClaimedMemory} is claimed, {what.Memory} wanted", "name another destination or wait until guests have left");
        return null;
    }
}
