using System.Globalization;

namespace Coordinator.Domain.Evacuations;

/// <summary>What follows by itself from a state and the time: the start, limits, waves, guests that may start, the end.</summary>
internal static class EvacuationProgress
{
    // Below this many settled guests a rate says nothing.
    private const int RateFrom = 10;

    /// <summary>The decided events, and those that follow from them.</summary>
    public static List<EvacuationEvent> Then(EvacuationState state, IReadOnlyList<EvacuationEvent> decided, DateTimeOffset now)
    {
        List<EvacuationEvent> events = [.. decided];
        foreach (var happened in decided) state = EvacuationEvolution.Evolve(state, happened, 0, now);
        while (state is Evacuation s && Next(s, now) is { Count: > 0 } next)
        {
            events.AddRange(next);
            foreach (var happened in next) state = EvacuationEvolution.Evolve(state, happened, 0, now);
        }

        return events;
    }

    private static IReadOnlyList<EvacuationEvent> Next(Evacuation s, DateTimeOffset now) => s.Phase switch
    {
        EvacuationPhase.Pending => s.Spec.NotBefore > now ? [] : [new EvacuationStarted()],
        EvacuationPhase.Running => Running(s, now),
        EvacuationPhase.Paused when IsDone(s) && s.Counts.Failed == 0 => [End(s)],
        EvacuationPhase.Aborting when s.Counts.UnderWay == 0 && !s.Hosts.Any(h => h.Value == HostCordon.Asked && s.StartedAt is not null) => [End(s, EvacuationOutcome.Aborted)],
        EvacuationPhase.Ended when !EvacuationObligations.Pending(s).Any() => [new EvacuationClosed()],
        _ => [],
    };

    private static IReadOnlyList<EvacuationEvent> Running(Evacuation s, DateTimeOffset now)
    {
        if (s.Hosts.ContainsValue(HostCordon.Asked)) return [];
        if (Budget(s) is { } spent) return [new EvacuationPaused("budget", spent)];
        if (IsDone(s)) return [End(s)];
        if (s.Counts.Waiting == 0) return [];
        if (Limit(s, now) is { } limit) return [limit];
        if (WaveAfter(s, now) is { } wave) return [new WaveOpened(wave)];
        return EvacuationStarts.Now(s, now);
    }

    private static bool IsDone(Evacuation s) => s.Counts.Waiting == 0 && s.Counts.UnderWay == 0;

    private static string? Budget(Evacuation s)
    {
        if (s.Spent > s.Spec.FailureBudget) return Text($"{s.Spent} guests have failed, the budget is {s.Spec.FailureBudget}");
        var settled = s.Counts.Settled - s.SettledBefore;
        return s.Spec.FailureRate is { } rate && settled >= RateFrom && s.Spent > rate * settled ? Text($"{s.Spent} of {settled} guests have failed, the limit is {rate:P0}") : null;
    }

    private static EvacuationPaused? Limit(Evacuation s, DateTimeOffset now)
    {
        if (s.Spec.NotAfter is { } end && now >= end && !s.WindowWaived) return new EvacuationPaused("window", Text($"the maintenance window ended at {end:u}"));
        if (s.Spec.DeadlineSeconds is { } seconds && now >= s.StartedAt + TimeSpan.FromSeconds(seconds) && !s.DeadlineWaived)
            return new EvacuationPaused("deadline", Text($"its deadline of {seconds} s is over"));
        return null;
    }

    // The next wave with somebody in it, once all of the open one are settled and have soaked.
    private static int? WaveAfter(Evacuation s, DateTimeOffset now)
    {
        if (s.Wave > 0 && (s.Unsettled.GetValueOrDefault(s.Wave) > 0 || now < s.WaveEndedAt + TimeSpan.FromSeconds(s.Spec.SoakSeconds))) return null;
        foreach (var (wave, unsettled) in s.Unsettled)
        {
            if (wave > s.Wave && unsettled > 0) return wave;
        }

        return null;
    }

    private static EvacuationEnded End(Evacuation s, EvacuationOutcome? outcome = null)
    {
        var stays = s.Guests.Values.Where(g => g.Phase != GuestPhase.Arrived && s.Empties(g.Source)).OrderBy(g => g.Vm.Value, StringComparer.Ordinal)
            .Select(g => new RemainingGuest(g.Vm, g.Source, g.Detail ?? (g.Phase == GuestPhase.Waiting ? "it was not started" : g.Phase.ToString()))).ToList();
        return new EvacuationEnded(outcome ?? (stays.Count == 0 ? EvacuationOutcome.Completed : EvacuationOutcome.Incomplete), stays);
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
