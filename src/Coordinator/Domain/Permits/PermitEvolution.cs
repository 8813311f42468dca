using System.Collections.Immutable;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Permits;

/// <summary>Folds events into the pool. Pure.</summary>
public static class PermitEvolution
{
    public static PermitsState Evolve(PermitsState s, PermitEvent happened) => happened switch
    {
        PermitQueued e => s with { Waiting = s.Waiting.Add(e.Permit) },
        PermitGranted e => s with
        {
            Waiting = s.Waiting.IsEmpty ? s.Waiting : s.Waiting.RemoveAll(p => p.Claim == e.Permit.Claim),
            Granted = s.Granted.SetItem(e.Permit.Claim, e.Permit),
            Leaving = Add(s.Leaving, e.Permit.Source, 1),
            Arriving = Add(s.Arriving, e.Permit.Destination, 1),
        },
        PermitFreed e => Free(s, e.Claim),
        _ => throw new CorruptHistoryException(s, happened),
    };

    private static PermitsState Free(PermitsState s, string claim)
    {
        if (s.Granted.TryGetValue(claim, out var held))
        {
            s = s with
            {
                Granted = s.Granted.Remove(claim),
                Leaving = Add(s.Leaving, held.Source, -1),
                Arriving = Add(s.Arriving, held.Destination, -1),
            };
        }

        var full = s.Returned.Count >= PermitsState.ReturnedMin;
        return s with
        {
            Waiting = s.Waiting.IsEmpty ? s.Waiting : s.Waiting.RemoveAll(p => p.Claim == claim),
            Returned = full ? [claim] : s.Returned.Add(claim),
            ReturnedBefore = full ? s.Returned : s.ReturnedBefore,
        };
    }

    private static ImmutableDictionary<HostId, int> Add(ImmutableDictionary<HostId, int> counts, HostId host, int change)
    {
        var count = counts.GetValueOrDefault(host) + change;
        return count == 0 ? counts.Remove(host) : counts.SetItem(host, count);
    }
}
