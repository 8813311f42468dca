using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Migrations;

/// <summary>What each host must be told now: a pure function of the state, at most one order a host (design: rule 11).</summary>
public static class MigrationOrders
{
    /// <summary>The orders of this state, with the host each is for. A token in them is unsigned: it is signed when the order leaves.</summary>
    public static IEnumerable<(HostId Host, MigrationOrder Order)> Pending(MigrationState state)
    {
        if (state is not Planned s) yield break;
        if (For(state, MigrationRole.Source) is { } source) yield return (s.Plan.Source, source);
        if (For(state, MigrationRole.Destination) is { } destination) yield return (s.Plan.Destination, destination);
    }

    public static MigrationOrder? For(MigrationState state, MigrationRole role) =>
        role == MigrationRole.Source ? Source(state, state.SourceOrderNumber) : Destination(state, state.DestinationOrderNumber);

    /// <summary>
    /// Names the content of a host's order without making it: equal keys, equal orders (but for the number); zero where there is none.
    /// Folding asks for it with every event, so it must be cheap; a test holds it against the orders themselves.
    /// </summary>
    internal static int Key(MigrationState state, MigrationRole role) => role == MigrationRole.Source ? SourceKey(state) : DestinationKey(state);

    private static int SourceKey(MigrationState state) => state switch
    {
        Prechecking s => s.SourcePassed ? 0 : 1,
        PreCopying s => s.Facts.Forced ? 3 : 2,
        SwitchingOver s => s.Facts.Forced ? 5 : 4,
        Cancelling s => !s.Facts.DestinationOff ? 6 : s.Facts.Holding ? 0 : 7,
        Held { Choice: not null, Facts.SourceSettled: false } s => s.Choice == "resumeSource" ? 8 : 9,
        Ended { Reach: Reach.Started, Facts.SourceSettled: false } s => s.Outcome == MigrationOutcome.Aborted ? 10 : 11,
        _ => 0,
    };

    private static int DestinationKey(MigrationState state) => state switch
    {
        Prechecking s => s.DestinationPassed ? 0 : 1,
        Preparing => 2,
        SwitchingOver or Cancelling => Asks((Active)state) ? 3 : 0,
        GoingForward => 4,
        Ended { Outcome: MigrationOutcome.Completed } s => s.Facts.Verified ? 0 : 5,
        Ended { Reach: Reach.Started, Facts.DestinationSettled: false } => 6,
        _ => 0,
    };

    private static MigrationOrder? Source(MigrationState state, long n) => state switch
    {
        Prechecking { SourcePassed: false } s => Check(s, n, MigrationRole.Source),
        PreCopying s => Out(s, n),
        SwitchingOver s => new SwitchOver(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, Unsigned(s), Out(s, 0), s.Facts.Forced),
        Cancelling { Facts.DestinationOff: false } s => new GiveBack(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, s.Reason),
        Cancelling { Facts.Holding: false } s => new Hold(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch),
        Held { Choice: "resumeSource", Facts.SourceSettled: false } s => new ResumeSource(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, s.NewEpoch),
        Held { Choice: "restartFromDisk", Facts.SourceSettled: false } s => new Release(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch),
        Ended { Reach: Reach.Started, Facts.SourceSettled: false } s => s.Outcome == MigrationOutcome.Aborted
            ? new AbortOut(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, s.Reason)
            : new Release(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch),
        _ => null,
    };

    private static MigrationOrder? Destination(MigrationState state, long n) => state switch
    {
        Prechecking { DestinationPassed: false } s => Check(s, n, MigrationRole.Destination),
        Preparing s => new PrepareIn(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, s.Plan.Source, s.Plan.Spec, s.Plan.Policy),
        SwitchingOver or Cancelling when Asks((Active)state) => Refuse((Active)state, n, "the source or its host is gone, or it asked for the destination's word"),
        GoingForward s => new GoForward(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, Unsigned(s), s.Facts.CommitDigest),
        Ended { Outcome: MigrationOutcome.Completed, Facts.Verified: false } s => new VerifyIn(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch),
        Ended { Reach: Reach.Started, Outcome: not MigrationOutcome.Completed, Facts.DestinationSettled: false } s => Refuse(s, n, s.Reason),
        _ => null,
    };

    private static bool Asks(Active s) => !s.Facts.DestinationSettled && HandoffRules.AskDestination(s.Plan, s.Facts);

    private static Precheck Check(Prechecking s, long n, MigrationRole role) => new(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, role, s.Plan.Spec, s.Plan.Policy);

    private static MigrateOut Out(Active s, long n) =>
        new(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, s.Plan.Destination, s.Facts.Endpoint!, s.Plan.Spec, s.Plan.Policy, s.Facts.Forced);

    private static RefuseIn Refuse(Active s, long n, string reason) => new(s.Plan.Vm, n, s.Plan.Id, s.Plan.Epoch, reason);

    private static SignedToken Unsigned(Active s) => new(s.Facts.Grant!, "", "");
}
