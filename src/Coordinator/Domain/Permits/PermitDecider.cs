using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Permits;

using Decision = Decision<PermitEvent>;

/// <summary>The rules of a pool. Caps are never exceeded, whoever asks, however often. Pure.</summary>
public static class PermitDecider
{
    public static Decision Decide(PermitsState s, PermitInput input, PermitLimits limits) => input switch
    {
        AskPermit a when s.Granted.ContainsKey(a.Permit.Claim) || s.WasReturned(a.Permit.Claim) || IsWaiting(s, a.Permit.Claim) => Decision.Nothing,
        AskPermit a => Decision.Accept(Fits(s, a.Permit, limits) ? new PermitGranted(a.Permit) : new PermitQueued(a.Permit)),
        ReturnPermit r when s.WasReturned(r.Claim) => Decision.Nothing,
        ReturnPermit r => Free(s, r.Claim, limits),
        _ => throw new CorruptHistoryException(s, input),
    };

    public static bool IsWaiting(PermitsState s, string claim) => s.Waiting.Exists(p => p.Claim == claim);

    private static Decision Free(PermitsState s, string claim, PermitLimits limits)
    {
        List<PermitEvent> events = [new PermitFreed(claim)];
        s = PermitEvolution.Evolve(s, events[0]);
        foreach (var waiting in s.Waiting)
        {
            if (s.Granted.Count >= limits.Global) break;
            if (!Fits(s, waiting, limits)) continue;
            events.Add(new PermitGranted(waiting));
            s = PermitEvolution.Evolve(s, events[^1]);
        }

        return Decision.Accept(events);
    }

    private static bool Fits(PermitsState s, Permit p, PermitLimits limits) =>
        s.Granted.Count < limits.Global && Count(s.Leaving, p.Source) < limits.PerSource && Count(s.Arriving, p.Destination) < limits.PerDestination;

    private static int Count(System.Collections.Immutable.ImmutableDictionary<HostId, int> counts, HostId host) => counts.GetValueOrDefault(host);
}
