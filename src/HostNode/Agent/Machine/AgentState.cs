using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Machine;

/// <summary>What the journal says: folded record by record, the same on every start.</summary>
internal sealed class AgentState
{
    public long StartCount { get; private set; }

    public string BootId { get; private set; } = "";

    public Dictionary<MigrationId, Attempt> Attempts { get; } = [];

    public Dictionary<VmId, Placement> Placements { get; } = [];

    /// <summary>How a placement ended, by VM: the answer to a repeated order.</summary>
    public Dictionary<VmId, VmEnded> Ended { get; } = [];

    /// <summary>Of those that ended, the ones that were placed here, with a guest or its copy, and ended without an order.</summary>
    public HashSet<VmId> Gone { get; } = [];

    /// <summary>Highest epoch heard of, per VM. Never pruned.</summary>
    public Dictionary<VmId, Epoch> Highest { get; } = [];

    public Dictionary<string, long> Orders { get; } = [];

    /// <summary>The last restore of the coordinator's store that was told everything.</summary>
    public string? Restore { get; private set; }

    public Epoch HighestOf(VmId vm) => Highest.GetValueOrDefault(vm);

    public IEnumerable<Attempt> AttemptsOf(VmId vm) => Attempts.Values.Where(a => a.Vm == vm);

    public void Fold(JournalRecord record)
    {
        switch (record)
        {
            case Started r:
                StartCount = r.StartCount;
                BootId = r.BootId;
                break;
            case Placed r:
                Raise(r.Vm, r.Epoch);
                Begins(r.Vm);
                Placements[r.Vm] = new Placement { Vm = r.Vm, Epoch = r.Epoch, Spec = r.Spec };
                break;
            case VmRan r when Placements.TryGetValue(r.Vm, out var p) && p.Epoch == r.Epoch:
                p.Ran = true;
                break;
            case VmEnded r:
                Raise(r.Vm, r.Epoch);
                if (Placements.TryGetValue(r.Vm, out var ended) && ended.Epoch == r.Epoch)
                {
                    if (r.Reason != VmEnded.Stopped && (ended.Ran || AttemptsOf(r.Vm).Any(a => a.State == AttemptState.Owned && a.Epoch == r.Epoch))) Gone.Add(r.Vm);
                    Placements.Remove(r.Vm);
                }
                else
                {
                    // Declined. Who gave the order knew that the guest was gone.
                    Gone.Remove(r.Vm);
                }

                Ended[r.Vm] = r;
                break;
            case OrderSeen r:
                Orders[r.Subject] = r.Number;
                break;
            case StoreRestored r:
                Restore = r.Restore;
                Orders.Clear();
                break;
            default:
                FoldAttempt(record);
                break;
        }
    }

    private void FoldAttempt(JournalRecord record)
    {
        switch (record)
        {
            case AttemptBegun r:
                var begun = Get(r.Plan.Migration, r.Plan.Vm, r.Plan.Epoch);
                begun.State = AttemptState.Begun;
                begun.Plan = r.Plan;
                break;
            case AttemptPrepared r:
                var prepared = Get(r.Order.Migration, r.Order.Vm, r.Order.Epoch);
                prepared.State = AttemptState.Prepared;
                prepared.Order = r.Order;
                break;
            case IntentJournaled r:
                var intent = Get(r.Grant.Token.Migration, r.Grant.Token.Vm, r.Grant.Token.Epoch);
                intent.State = AttemptState.Intent;
                intent.Grant = r.Grant;
                break;
            case AttemptRejected r:
                End(Get(r.Migration, r.Vm, r.Epoch), AttemptState.Rejected, r.Reason, r.Transient);
                break;
            case AttemptRefused r:
                End(Get(r.Migration, r.Vm, r.Epoch), AttemptState.Refused, r.Reason, r.Transient);
                break;
            case AttemptReleased r:
                End(Get(r.Migration, r.Vm, r.Epoch), AttemptState.Released, "", false);
                Placements.Remove(r.Vm);
                break;
            case AttemptOwned r:
                var owned = Get(r.Migration, r.Vm, r.Epoch);
                owned.State = AttemptState.Owned;
                owned.Digest = r.Digest;
                owned.PausedAt = r.PausedAt;
                Begins(r.Vm);
                Placements[r.Vm] = new Placement { Vm = r.Vm, Epoch = r.Epoch, Spec = r.Spec };
                break;
            case HoldPromised r:
                Get(r.Migration, r.Vm, r.Epoch).Held = true;
                break;
        }
    }

    private void Begins(VmId vm)
    {
        Ended.Remove(vm);
        Gone.Remove(vm);
    }

    private static void End(Attempt attempt, AttemptState state, string reason, bool transient)
    {
        attempt.State = state;
        attempt.Reason = reason;
        attempt.Transient = transient;
    }

    private Attempt Get(MigrationId migration, VmId vm, Epoch epoch)
    {
        Raise(vm, epoch);
        if (!Attempts.TryGetValue(migration, out var attempt)) Attempts.Add(migration, attempt = new Attempt { Migration = migration, Vm = vm, Epoch = epoch });
        return attempt;
    }

    private void Raise(VmId vm, Epoch epoch)
    {
        if (epoch > HighestOf(vm)) Highest[vm] = epoch;
    }
}
