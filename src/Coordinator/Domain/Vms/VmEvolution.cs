using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Vms;

/// <summary>Folds events into the placement. Pure.</summary>
public static class VmEvolution
{
    /// <exception cref="CorruptHistoryException">The event cannot follow this state.</exception>
    public static VmState Evolve(VmState state, VmEvent happened, int version, DateTimeOffset at) => (state, happened) switch
    {
        (UnknownVm, VmRegistered e) => new Vm(e.Vm, e.Spec, e.Host, e.Epoch, e.Epoch, VmPower.Starting, e.Vm.StreamKey)
        {
            Adopting = e.Adopted,
            OrderNumber = version,
            Since = at,
        },
        (Vm s, PlacementCounted) => s with { ClaimCounted = true },
        (Vm s, OldPlacementReturned) => s with { ToReturn = null },
        (Vm s, VmStartOrdered e) => Started(s, e) with { OrderNumber = version, Since = at },
        (Vm s, VmStarted) => s with { Power = VmPower.Running, Reason = null, Adopting = false, Since = at },
        (Vm s, VmStartFailed e) => s with { Power = VmPower.Stopped, Reason = e.Reason, Adopting = false, Since = at },
        (Vm s, VmStopOrdered) => s with { Power = VmPower.Stopping, OrderNumber = version, Since = at },
        (Vm s, VmStopConfirmed) => s with { Power = VmPower.Stopped, Since = at },
        (Vm s, VmLost e) => s with { Power = VmPower.Lost, Reason = e.Reason, Since = at },
        (Vm s, VmConflicted e) => s with { Conflict = $"{e.Host}: {e.Detail}" },
        (Vm s, MigrationOpened e) => s with { Migration = e.Migration, HighestEpoch = e.Epoch },
        (Vm s, MigrationSettled e) => s with
        {
            Migration = null,
            LastMigration = e.Migration,
            Last = new SettledMigration(e.Migration, e.Outcome, e.Code, e.Detail, e.Transient ?? false),
        },
        (Vm s, PlacementChanged e) => s with
        {
            Host = e.Host,
            Epoch = e.Epoch,
            HighestEpoch = e.Epoch > s.HighestEpoch ? e.Epoch : s.HighestEpoch,
            Claim = e.Claim,
            ClaimCounted = true,
            Migration = null,
            LastMigration = e.Migration,
            Last = new SettledMigration(e.Migration, e.Outcome),
            Power = VmPower.Running,
            Reason = null,
            Since = at,
        },
        (Vm s, PlacementDoubted e) => s with { Doubted = e.Restore },
        (Vm s, HigherEpochHeard e) => s with { HighestEpoch = Max(s.HighestEpoch, e.Highest) },
        (Vm s, MigrationAdopted e) => s with { Migration = e.Migration, HighestEpoch = Max(s.HighestEpoch, e.Epoch) },
        (Vm s, PlacementAdopted e) => Adopted(s, e) with { OrderNumber = version, Since = at },
        // What was pending is told anew.
        (Vm s, PlacementTrusted) => s with { Doubted = null, OrderNumber = version, Since = at },
        _ => throw new CorruptHistoryException(state, happened),
    };

    private static Vm Adopted(Vm s, PlacementAdopted e)
    {
        var moved = e.Host != s.Host || e.Epoch != s.Epoch;
        return s with
        {
            Host = e.Host,
            Epoch = e.Epoch,
            Power = moved ? (e.Running ? VmPower.Running : VmPower.Starting) : s.Power,
            Reason = moved ? null : s.Reason,
            // A later epoch than any attempt known here: the open one is over, whatever became of it.
            Migration = e.Epoch >= s.HighestEpoch ? null : s.Migration,
            LastMigration = s.Migration ?? s.LastMigration,
            HighestEpoch = Max(s.HighestEpoch, e.Highest),
            Claim = e.Claim,
            ClaimCounted = e.Claim == s.Claim && s.ClaimCounted,
            ToReturn = e.Claim == s.Claim ? s.ToReturn : new OldClaim(s.Host, s.Claim),
            Doubted = e.Certain ? null : s.Doubted,
        };
    }

    private static Epoch Max(Epoch a, Epoch b) => a > b ? a : b;

    // Every start burns an epoch. On another host it is another claim, and the old one is given back.
    private static Vm Started(Vm s, VmStartOrdered e)
    {
        var started = s with { Host = e.Host, Epoch = e.Epoch, HighestEpoch = e.Epoch, Power = VmPower.Starting, Reason = null };
        return e.Host == s.Host
            ? started
            : started with { Claim = $"{s.Id.StreamKey}.{e.Epoch}", ClaimCounted = false, ToReturn = new OldClaim(s.Host, s.Claim) };
    }
}
