using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>
/// Who may start now, by the plan's start rule. It counts with what is under way, never with the forecast's times: each decision counts anew from the
/// state, so nothing has to be kept beside it and taken back with a batch that was not written.
/// </summary>
public static class EvacuationStarts
{
    /// <summary>Guests of open waves that may start now, in order; each counts for those after it.</summary>
    internal static List<GuestStarted> Now(Evacuation s, DateTimeOffset now)
    {
        List<GuestStarted> starts = [];
        if (s.Counts.Waiting == 0 || s.Counts.UnderWay >= s.Caps.Global) return starts;
        var rule = RuleOf(s);
        foreach (var (mover, to) in s.Map.Moves)
        {
            if (s.Counts.UnderWay + starts.Count >= s.Caps.Global) break;
            if (!IsNext(s, mover, now, out var guest) || rule.WhyNot(mover, to).Kind != HoldKind.None) continue;
            rule.Start(mover, to);
            starts.Add(new GuestStarted(guest.Vm, guest.Try + 1, guest.Destination!.Value, guest.Wave));
        }

        return starts;
    }

    /// <summary>Why each guest that waits does so, in the plan's order. For people.</summary>
    public static IReadOnlyList<(VmId Vm, string Why)> Waiting(Evacuation s, DateTimeOffset now)
    {
        List<(VmId, string)> found = [];
        if (s.Counts.Waiting == 0) return found;
        var rule = RuleOf(s);
        foreach (var (mover, to) in s.Map.Moves)
        {
            if (s.Guests.GetValueOrDefault(mover.Name) is not { Phase: GuestPhase.Waiting } guest) continue;
            found.Add((guest.Vm, WhyWaits(s, guest, now) ?? Words(s, rule.WhyNot(mover, to), mover, to)));
        }

        return found;
    }

    private static bool IsNext(Evacuation s, Mover mover, DateTimeOffset now, out EvacuatedGuest guest) =>
        s.Guests.TryGetValue(mover.Name, out guest!) && guest.Phase == GuestPhase.Waiting && guest.Wave <= s.Wave && !(guest.RetryAt > now);

    private static string? WhyWaits(Evacuation s, EvacuatedGuest guest, DateTimeOffset now) => s.Phase switch
    {
        EvacuationPhase.Pending => $"the maintenance window opens at {s.Spec.NotBefore:u}",
        EvacuationPhase.Paused => $"paused: {s.PausedDetail}",
        EvacuationPhase.Aborting => "the evacuation is being aborted",
        _ when guest.Wave > s.Wave => s.Wave == 0 ? "the hosts are being cordoned" : $"wave {s.Wave} goes first",
        _ when guest.RetryAt > now => $"tried again in a moment: {guest.Detail}",
        _ => null,
    };

    private static string Words(Evacuation s, Hold hold, Mover mover, int to) =>
        hold.Kind == HoldKind.None ? "it is next" : Explanation.Reason(s.Map.Index, hold, mover, to);

    // The index has everybody at the place where the instance had them, and its flights under way.
    private static StartRule RuleOf(Evacuation s)
    {
        var rule = new StartRule(s.Map.Index, s.Map.LeastShare);
        foreach (var (mover, to) in s.Map.Moves)
        {
            if (!s.Guests.TryGetValue(mover.Name, out var guest)) continue;
            if (mover.Flight >= 0) Landed(rule, mover, guest);
            else if (guest.IsUnderWay) rule.Start(mover, to);
            else if (guest.Phase == GuestPhase.Arrived) Moved(rule, mover, to);
        }

        return rule;
    }

    private static void Landed(StartRule rule, Mover mover, EvacuatedGuest guest)
    {
        if (guest.IsUnderWay) return;
        rule.Finish(mover, mover.Flight);
        if (guest.Phase == GuestPhase.Arrived) return;
        rule.Ledger.Take(mover, mover.Flight);
        rule.Ledger.Put(mover, mover.Host);
    }

    private static void Moved(StartRule rule, Mover mover, int to)
    {
        rule.Ledger.Take(mover, mover.Host);
        rule.Ledger.Put(mover, to);
    }
}
