using System.Globalization;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>Puts what was found into names and sentences.</summary>
internal static class PlanReport
{
    public static EvacuationPlan Of(PlanIndex index, Candidate best, Schedule pessimistic, LowerBound bound, Selection selection)
    {
        var (placement, likely) = (best.Placement, best.Schedule);
        var waves = Waves.Of(index, placement);
        var waveOf = new int[index.Guests.Length];
        for (var w = 0; w < waves.Count; w++)
        {
            foreach (var guest in waves[w]) waveOf[guest.Index] = w + 1;
        }

        var moves = likely.Order.Select((guest, i) => Move(index, placement, likely, guest, i + 1, waveOf[guest.Index])).ToList();
        // The canary's and the waves' pauses are in the makespan and not in the bound: they are chosen.
        double? distance = bound.Seconds > 0 ? Math.Round(likely.Makespan / bound.Seconds, 4) : null;
        return new EvacuationPlan(
            best.Blockers.Count == 0, best.Blockers, [.. WaveRows(index, waves, likely, placement)], moves, selection.Stays, Rule(best.Dispatch.LeastShare),
            new PlanEta(Seconds(likely.Makespan), Seconds(pessimistic.Makespan)), Spread(moves), bound, [.. After(index, placement, selection)], distance);
    }

    private static PlanStartRule Rule(double share) => new(share, string.Create(
        CultureInfo.InvariantCulture,
        $"In this order, whenever something ends: a guest starts if its destination has room, all caps hold, and every link on its path has at least {share:P0} of what it could use alone (90 %, where it would not converge with half). One within a set-up time of its end claims no link any more."));

    private static PlannedMove Move(PlanIndex index, Placement placement, Schedule schedule, Mover guest, int order, int wave)
    {
        var (to, transfer) = (placement.Destinations[guest.Index], schedule.Transfers[guest.Index]);
        return new PlannedMove(
            order, guest.Name, index.Hosts[guest.Host].Host.Name, index.Hosts[to].Host.Name, wave, guest.Guest.Tier, Seconds(schedule.Start[guest.Index]), Seconds(schedule.End[guest.Index]),
            new ByteCount((long)transfer.Bytes), Math.Round(transfer.Blackout * 1000, 1), !transfer.Converges,
            wave == 0 ? null : Explanation.Waits(index, schedule, guest, to, wave), placement.RoomFor[guest.Index]?.Name);
    }

    private static IEnumerable<PlannedWave> WaveRows(PlanIndex index, IReadOnlyList<IReadOnlyList<Mover>> waves, Schedule schedule, Placement placement)
    {
        var flying = index.Guests.Where(g => g.Flight >= 0 && placement.Destinations[g.Index] >= 0).ToList();
        if (flying.Count > 0) yield return new PlannedWave(0, "inFlight", flying.Count, 0, Seconds(flying.Max(g => schedule.End[g.Index])));
        for (var w = 0; w < waves.Count; w++)
        {
            var canary = w == 0 && index.Instance.Canary > 0 && waves[0].Count <= index.Instance.Canary && waves.Count > 1;
            yield return new PlannedWave(w + 1, canary ? "canary" : "main", waves[w].Count, Seconds(schedule.Waves[w].Start), Seconds(schedule.Waves[w].End));
        }
    }

    private static BlackoutSpread Spread(List<PlannedMove> moves)
    {
        if (moves.Count == 0) return new BlackoutSpread(0, 0, 0, 0);
        var sorted = moves.Select(m => m.BlackoutMs).Order().ToList();
        return new BlackoutSpread(sorted[(sorted.Count - 1) / 2], sorted[(sorted.Count - 1) * 9 / 10], sorted[^1], moves.Count(m => m.OverCap));
    }

    private static IEnumerable<HostAfter> After(PlanIndex index, Placement placement, Selection selection)
    {
        var off = selection.Stays.Where(s => s.Action == "shutdown").Select(s => s.Guest).ToHashSet(StringComparer.Ordinal);
        var guests = new List<Mover>[index.Hosts.Length];
        for (var h = 0; h < guests.Length; h++) guests[h] = [];
        var changed = new bool[guests.Length];
        foreach (var guest in index.Guests.Where(g => !off.Contains(g.Name)))
        {
            var to = placement.Destinations[guest.Index];
            guests[to >= 0 ? to : guest.Host].Add(guest);
            if (to >= 0) changed[to] = changed[guest.Host] = true;
        }

        foreach (var host in index.Hosts.Where(h => h.Draining || changed[h.Index]))
        {
            var there = guests[host.Index];
            var (memory, cpus) = (there.Sum(g => g.Memory), there.Sum(g => g.Cpus));
            yield return new HostAfter(
                host.Host.Name, there.Count, new ByteCount((long)memory), new ByteCount((long)Math.Max(0, host.Memory - memory)), Math.Round(Math.Max(0, host.Cpus - cpus), 3), host.Draining && there.Count == 0);
        }
    }

    private static double Seconds(double seconds) => Math.Round(seconds, 3);
}
