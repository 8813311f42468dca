using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>
/// Plans how hosts are emptied: destinations, order, waves, times, and how far that is from what the links allow. Pure and deterministic: the same
/// instance gives the same plan. Called again with guests in flight, it plans the rest around them.
/// </summary>
public static class EvacuationPlanner
{
    // Rounds of finding another destination for guests that wait for each other's room.
    private const int Untangled = 8;

    // Guests played through altogether: a small evacuation can afford more tries than a large one, none takes more than a second.
    private const int Effort = 20_000;

    // Near enough to the bound to stop trying.
    private const double Enough = 1.002;

    // Until which part of the bound a guest is kept inside its rack. Late is right where uplinks are short, early where they are not.
    private static readonly double[] Inside = [0.3, 1.0, 0.6];

    /// <param name="instance">One that <see cref="InstanceCheck"/> has nothing against.</param>
    public static EvacuationPlan Plan(PlanInstance instance)
    {
        var index = new PlanIndex(instance);
        var selection = Selection.Of(index);
        var best = Best(index, selection);
        var bound = new BoundSearch(index, [.. selection.Movers.Where(m => best.Placement.Destinations[m.Index] >= 0)]).Find();
        return PlanReport.Of(index, best, Pessimistic(instance, best), bound, selection);
    }

    private static Candidate Best(PlanIndex index, Selection selection)
    {
        var bound = new BoundSearch(index, selection.Movers).Find().Seconds;
        var tries = Math.Clamp(Effort / Math.Max(1, selection.Movers.Count), 2, Inside.Length * Dispatch.All.Length);
        var placements = new Candidate?[Inside.Length];
        Candidate? best = null;
        for (var t = 0; t < tries; t++)
        {
            ref var first = ref placements[t % Inside.Length];
            var dispatch = Dispatch.All[t / Inside.Length];
            var found = first is null ? first = Untangle(index, Place(index, selection, bound, Inside[t]), selection, dispatch) : Play(index, first, dispatch);
            if (found is not null && (best is null || found.CompareTo(best) < 0)) best = found;
            if (best is { Blockers.Count: 0 } && best.Schedule.Makespan <= bound * Enough) break;
        }

        return best!;
    }

    private static Placement Place(PlanIndex index, Selection selection, double bound, double inside)
    {
        var soon = new Placement(index, bound * inside, tight: false);
        soon.Place(selection.Units);
        if (soon.Unplaced.Count == 0) return soon;
        var tight = new Placement(index, bound * inside, tight: true);
        tight.Place(selection.Units);
        return tight.Unplaced.Count < soon.Unplaced.Count ? tight : soon;
    }

    // Guests that wait for each other's room for ever: another destination for one of them breaks the cycle, or it is a blocker.
    private static Candidate Untangle(PlanIndex index, Placement placement, Selection selection, Dispatch dispatch)
    {
        var blockers = selection.Blockers.Concat(placement.Unplaced.SelectMany(u => u.Movers).Select(m => Explanation.NoPlace(index, placement.Ledger, m))).ToList();
        for (var round = 0; ; round++)
        {
            var schedule = new Forecast(index, placement.Destinations, dispatch).Run(Waves.Of(index, placement));
            if (schedule.Stuck.Count == 0) return new Candidate(placement, schedule, blockers, dispatch);
            if (round < Untangled && schedule.Stuck.Exists(placement.Redirect)) continue;
            foreach (var stuck in schedule.Stuck)
            {
                if (placement.RoomFor[stuck.Index] is null) blockers.Add(Explanation.Cycle(index, stuck, placement.Destinations[stuck.Index]));
                placement.GiveUp(stuck);
            }
        }
    }

    private static Candidate? Play(PlanIndex index, Candidate first, Dispatch dispatch)
    {
        var schedule = new Forecast(index, first.Placement.Destinations, dispatch).Run(Waves.Of(index, first.Placement));
        return schedule.Stuck.Count == 0 ? first with { Schedule = schedule, Dispatch = dispatch } : null;
    }

    private static Schedule Pessimistic(PlanInstance instance, Candidate best)
    {
        var index = new PlanIndex(instance, 1 + instance.GuessError, 1 - (instance.GuessError / 4));
        var schedule = new Forecast(index, best.Placement.Destinations, best.Dispatch).Run(Waves.Of(index, best.Placement));
        schedule.Makespan = Math.Max(schedule.Makespan, best.Schedule.Makespan);
        return schedule;
    }
}
