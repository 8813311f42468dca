using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Simulator.Conformance;

/// <summary>What journals and guests say.</summary>
public sealed partial class Conformer
{
    public void Written(SimHost host, IReadOnlyList<JournalRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            if (records[i] is AttemptRefused or AttemptPrepared or VmEnded or Placed && VmOf(records[i]) is { } about) Noticed(host, Of(about));
            switch (records[i])
            {
                case AttemptBegun r when attempts.TryGetValue(r.Plan.Migration, out var of) && of.Vm.Begun.Add(of.Attempt):
                    Word(host, r.Plan.Migration, StepKind.Begun);
                    break;
                case IntentJournaled r:
                    Word(host, r.Grant.Token.Migration, StepKind.Intent);
                    break;
                case AttemptRejected r when i + 1 < records.Count && records[i + 1] is Placed p && p.Vm == r.Vm:
                    // A resolution: its two records are one step.
                    if (attempts.TryGetValue(r.Migration, out var held)) Judge(held.Vm, "a resolution", held.Vm.Twin.Resolve(held.Attempt, (int)p.Epoch.Value));
                    i++;
                    break;
                case AttemptRejected r:
                    Word(host, r.Migration, StepKind.Rejected);
                    break;
                case AttemptReleased r:
                    Word(host, r.Migration, StepKind.Released);
                    break;
                case AttemptPrepared r:
                    Word(host, r.Order.Migration, StepKind.Prepared);
                    break;
                case AttemptOwned r:
                    // Damaged on its way, and nobody is left to say so: the model knows no such thing.
                    if (host.Hypervisor.Find(r.Vm) is { IsCorrupted: true } && world.Checks.WentForward(r.Migration) && world.Vm(r.Vm).CommitSeen != r.Migration) LeaveOut(Of(r.Vm));
                    Word(host, r.Migration, StepKind.Owned);
                    break;
                case AttemptRefused r:
                    // The agent may have died between PREPARED and the making of the copy. (A newer attempt's copy may be about to be made.)
                    if (host.Hypervisor.Find(r.Vm) is null && attempts.TryGetValue(r.Migration, out var refused) && refused.Vm.Twin.IsPrepared(refused.Attempt)) Take(Of(r.Vm), new ModelStep(StepKind.Destroyed, 0, host.Number));
                    Word(host, r.Migration, StepKind.Refused);
                    break;
                case HoldPromised r:
                    Word(host, r.Migration, StepKind.Held);
                    break;
                case Placed r:
                    Judge(Of(r.Vm), r.ToString(), Of(r.Vm).Twin.Place(host.Number, (int)r.Epoch.Value));
                    break;
            }
        }
    }

    public void Guest(SimHost host, SimGuest guest, GuestStep step)
    {
        var vm = Of(guest.Vm.Id);
        vm.Twin.Count(host.Number, guest.Content);
        if (step != GuestStep.Killed) Noticed(host, vm);
        switch (step)
        {
            case GuestStep.Started:
                Judge(vm, $"{host} starts it", vm.Twin.Boot(host.Number));
                return;
            case GuestStep.Runs:
                Take(vm, new ModelStep(StepKind.Runs, 0, host.Number));
                return;
            case GuestStep.Destroyed:
                Take(vm, new ModelStep(StepKind.Destroyed, 0, host.Number));
                return;
            case GuestStep.Killed:
                vm.Killed.Add(host);
                return;
        }

        if (guest.Migration is not { } migration || !attempts.TryGetValue(migration, out var of)) return;
        StepKind kind = step switch
        {
            GuestStep.Stopped => StepKind.Stopped,
            GuestStep.BytesLeft => StepKind.Left,
            GuestStep.Loaded or GuestStep.Spoiled => StepKind.Loaded,
            GuestStep.Completed => StepKind.Done,
            _ => StepKind.Failed,
        };
        Take(vm, new ModelStep(kind, of.Attempt, host.Number));
        if (step == GuestStep.Spoiled) vm.Twin.Spoil(host.Number);
    }

    private static VmId? VmOf(JournalRecord record) => record switch
    {
        AttemptRefused r => r.Vm,
        AttemptPrepared r => r.Order.Vm,
        VmEnded r => r.Vm,
        Placed r => r.Vm,
        _ => null,
    };

    private void Word(SimHost host, MigrationId migration, StepKind kind)
    {
        if (attempts.TryGetValue(migration, out var of)) Take(of.Vm, new ModelStep(kind, of.Attempt, host.Number));
    }
}
