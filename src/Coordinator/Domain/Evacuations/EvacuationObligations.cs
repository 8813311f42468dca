using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Evacuations;

/// <summary>What an evacuation asks of other shards now; each is sent until answered. Pure.</summary>
public static class EvacuationObligations
{
    /// <summary>Older than any version.</summary>
    public const long Everything = -1;

    /// <param name="newerThan">Only what is asked since this version.</param>
    public static IEnumerable<EvacuationAction> Pending(EvacuationState state, long newerThan = Everything)
    {
        if (state is not Evacuation s || s.StartedAt is null || s.Asks <= newerThan) yield break;
        if (s.HostAsks > newerThan)
        {
            foreach (var (host, cordon) in s.Hosts)
            {
                if (cordon == HostCordon.Asked) yield return new EvacuationAction(EvacuationVerb.Cordon, new HostId(host), null);
                else if (cordon == HostCordon.Set && s is { IsOver: true, Outcome: EvacuationOutcome.Aborted }) yield return new EvacuationAction(EvacuationVerb.Uncordon, new HostId(host), null);
            }
        }

        if (s.Counts.UnderWay == 0) yield break;
        foreach (var guest in s.Guests.Values)
        {
            if (guest.Phase == GuestPhase.Starting && guest.Number > newerThan) yield return new EvacuationAction(EvacuationVerb.Start, guest.Source, guest);
            else if (IsToStop(s, guest) && Math.Max(guest.Number, s.CancelAsks) > newerThan) yield return new EvacuationAction(EvacuationVerb.Cancel, guest.Source, guest);
        }
    }

    private static bool IsToStop(Evacuation s, EvacuatedGuest guest) => s is { Phase: EvacuationPhase.Aborting, StopRunning: true } && guest is { Phase: GuestPhase.Moving, Migration: not null };
}

/// <summary>One ask.</summary>
/// <param name="Guest">With <see cref="EvacuationVerb.Start"/> and <see cref="EvacuationVerb.Cancel"/>.</param>
public sealed record EvacuationAction(EvacuationVerb Verb, HostId Host, EvacuatedGuest? Guest);

public enum EvacuationVerb
{
    Cordon,
    Uncordon,
    Start,
    Cancel,
}
