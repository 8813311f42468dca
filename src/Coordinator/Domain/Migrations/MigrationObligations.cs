using Coordinator.Shared.Contracts;

namespace Coordinator.Domain.Migrations;

/// <summary>What a migration still owes or asks of other shards, and whether it may be closed. Pure.</summary>
public static class MigrationObligations
{
    /// <summary>Claims to ask for or to give back now; each is sent until answered.</summary>
    public static IEnumerable<ClaimAction> Pending(MigrationState state)
    {
        switch (state)
        {
            case AwaitingPermit s:
                yield return new ClaimAction(ClaimVerb.AskPermit, s.Plan);
                break;
            case Reserving s:
                yield return new ClaimAction(ClaimVerb.AskCapacity, s.Plan);
                break;
            case Ended s:
                foreach (var action in Owed(s, s.Outcome, s.Reach)) yield return action;
                break;
            case Held s:
                foreach (var action in Owed(s, MigrationOutcome.Held, Reach.Started)) yield return action;
                break;
        }
    }

    /// <summary>Both hosts attested (or were written off), and permit and capacity are counted as free again.</summary>
    public static bool AllMet(Active s) => s switch
    {
        Ended e => HostsSettled(e) && Verified(e) && !Owed(e, e.Outcome, e.Reach).Any(),
        Held h => HostsSettled(h) && !Owed(h, MigrationOutcome.Held, Reach.Started).Any(),
        _ => false,
    };

    private static bool Verified(Ended e) => e.Outcome != MigrationOutcome.Completed || e.Facts.Verified;

    private static bool HostsSettled(Active s) => s switch
    {
        Ended { Reach: not Reach.Started } => true,
        Held { Choice: null } => false,
        _ => s.Facts.SourceSettled && s.Facts.DestinationSettled,
    };

    // Permits are freed at the terminal event; capacity only once nothing of the guest is left where it is counted.
    private static IEnumerable<ClaimAction> Owed(Active s, MigrationOutcome outcome, Reach reach)
    {
        if (reach >= Reach.Permit && !s.Facts.PermitReturned) yield return new ClaimAction(ClaimVerb.ReturnPermit, s.Plan);
        if (reach < Reach.Claim || !HostsSettled(s)) yield break;
        if (outcome == MigrationOutcome.Completed)
        {
            if (!s.Facts.SourceClaimReturned) yield return new ClaimAction(ClaimVerb.ReturnSourceCapacity, s.Plan);
        }

        // After a cut in the history the VM counts its place by a claim of its own.
        if ((outcome != MigrationOutcome.Completed || s.Facts.Cut) && !s.Facts.DestinationClaimReturned)
        {
            yield return new ClaimAction(ClaimVerb.ReturnDestinationCapacity, s.Plan);
        }
    }
}
