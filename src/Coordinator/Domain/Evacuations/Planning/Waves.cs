namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>Who goes together: a canary of the least critical, least costly guests, no two from one host while there are others, then the rest.</summary>
internal static class Waves
{
    public static IReadOnlyList<IReadOnlyList<Mover>> Of(PlanIndex index, Placement placement)
    {
        // Who makes room goes with the first: others wait for it.
        var waiting = index.Guests.Where(g => placement.Destinations[g.Index] >= 0 && g.Flight < 0).ToList();
        if (waiting.Count == 0) return [];
        List<IReadOnlyList<Mover>> waves = [];
        if (index.Instance.Canary > 0)
        {
            // A canary must not wait for room that others make.
            var left = placement.NeedsRoom;
            var canary = Canary(waiting.Where(g => placement.RoomFor[g.Index] is null && !left.Contains(placement.Destinations[g.Index])), index.Instance.Canary);
            if (canary.Count > 0) waves.Add(canary);
            var chosen = canary.ToHashSet();
            waiting.RemoveAll(chosen.Contains);
        }

        var ordered = waiting.OrderBy(g => placement.RoomFor[g.Index] is null).ThenByDescending(g => g.Guest.Priority).ThenByDescending(g => g.Guest.Tier, StringComparer.Ordinal)
            .ThenByDescending(g => g.ToSend).ThenBy(g => g.Index);
        if (waiting.Count > 0) waves.AddRange(ordered.Chunk(index.Instance.WaveSize ?? waiting.Count));
        return waves;
    }

    private static List<Mover> Canary(IEnumerable<Mover> candidates, int size)
    {
        var ordered = candidates.OrderByDescending(g => g.Guest.Tier, StringComparer.Ordinal).ThenBy(g => g.Guest.Priority).ThenBy(g => g.ToSend).ThenBy(g => g.Index).ToList();
        var tier = ordered.Count > 0 ? ordered[0].Guest.Tier : "";
        return [.. ordered.Where(g => g.Guest.Tier == tier).GroupBy(g => g.Host).SelectMany(h => h.Select((g, turn) => (g, turn))).OrderBy(x => x.turn).Take(size).Select(x => x.g)];
    }
}
