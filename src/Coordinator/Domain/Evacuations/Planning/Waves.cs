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
            var canary = Canary(index, placement, waiting.Where(g => placement.RoomFor[g.Index] is null));
            if (canary.Count > 0) waves.Add(canary);
            var chosen = canary.ToHashSet();
            waiting.RemoveAll(chosen.Contains);
        }

        var ordered = waiting.OrderBy(g => placement.RoomFor[g.Index] is null).ThenByDescending(g => g.Guest.Priority).ThenByDescending(g => g.Guest.Tier, StringComparer.Ordinal)
            .ThenByDescending(g => g.ToSend).ThenBy(g => g.Index);
        if (waiting.Count > 0) waves.AddRange(ordered.Chunk(index.Instance.WaveSize ?? waiting.Count));
        return waves;
    }

    // A canary must not wait for room that others make: its destination takes it as things are now.
    private static List<Mover> Canary(PlanIndex index, Placement placement, IEnumerable<Mover> candidates)
    {
        var now = new CapacityLedger(index);
        List<Mover> canary = [];
        var ordered = candidates.OrderByDescending(g => g.Guest.Tier, StringComparer.Ordinal).ThenBy(g => g.Guest.Priority).ThenBy(g => g.ToSend).ThenBy(g => g.Index)
            .GroupBy(g => g.Host).SelectMany(h => h.Select((g, turn) => (Guest: g, Turn: turn))).OrderByDescending(x => x.Guest.Guest.Tier, StringComparer.Ordinal).ThenBy(x => x.Turn);
        foreach (var (guest, _) in ordered)
        {
            if (canary.Count == index.Instance.Canary || (canary.Count > 0 && guest.Guest.Tier != canary[0].Guest.Tier)) break;
            if (now.Fit(guest, placement.Destinations[guest.Index]) != Misfit.None) continue;
            now.Put(guest, placement.Destinations[guest.Index]);
            canary.Add(guest);
        }

        return canary;
    }
}
