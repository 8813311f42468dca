using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>Who must leave, who may stay, who stands in the way.</summary>
/// <param name="Movers">All that leave, those in flight too.</param>
/// <param name="Units">Those that need a destination.</param>
internal sealed record Selection(List<Mover> Movers, List<Unit> Units, List<StayingGuest> Stays, List<PlanBlocker> Blockers)
{
    public static Selection Of(PlanIndex index)
    {
        var found = new Selection([], [], [], []);
        List<Mover> free = [];
        foreach (var guest in index.Guests.Where(g => index.Hosts[g.Host].Draining))
        {
            if (guest.Flight >= 0) found.Movers.Add(guest);
            else if (guest.Guest.Movable) free.Add(guest);
            else found.Fixed(index, guest);
        }

        found.Movers.AddRange(free);
        found.Units.AddRange(free.Where(g => g.Together < 0).Select(g => new Unit([g], -1)));
        var bound = BoundGroups(index);
        foreach (var group in free.Where(g => g.Together >= 0).GroupBy(g => g.Together))
        {
            // The member with the fewest possible hosts speaks for its group.
            var members = group.OrderBy(g => index.Classes[g.Class].Hosts.Length).ThenBy(g => g.Index).ToArray();
            found.Units.Add(new Unit(members, bound.GetValueOrDefault(group.Key, -1)));
        }

        return found;
    }

    private void Fixed(PlanIndex index, Mover guest)
    {
        var host = index.Hosts[guest.Host].Host.Name;
        var action = guest.Guest.OnNonMigratable ?? index.Instance.OnNonMigratable;
        if (action == "block")
        {
            Blockers.Add(new PlanBlocker(
                "guest.notMovable", guest.Name, host, $"{guest.Name} cannot be migrated live, and its host is to be emptied", "let it stay or be shut down (onNonMigratable: skip or shutdown), or make it movable"));
        }
        else
        {
            Stays.Add(new StayingGuest(guest.Name, host, action, action == "skip" ? "cannot be migrated live; it goes on running there, the host is not empty" : "cannot be migrated live; it is shut down"));
        }
    }

    // Where members of an affinity group stay, or are under way to.
    private static Dictionary<int, int> BoundGroups(PlanIndex index)
    {
        Dictionary<int, int> bound = [];
        foreach (var guest in index.Guests.Where(g => g.Together >= 0))
        {
            var stays = guest.Flight >= 0 ? guest.Flight : guest.Host;
            if (!index.Hosts[stays].Draining) bound.TryAdd(guest.Together, stays);
        }

        return bound;
    }
}
