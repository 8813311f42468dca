using Coordinator.Application.Bus;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>Inputs of <c>vm-…</c> streams.</summary>
internal sealed class VmHandler
{
    public CommandResult Register(MachineStep step, RegisterVm c) => Command(step, c.Vm, new Register(c.Vm, c.Spec, c.Host, c.Adopt));

    public CommandResult Start(MachineStep step, StartVmCommand c) => Command(step, c.Vm, new Start(c.Host, step.Context?.Reason ?? "started"));

    public CommandResult Stop(MachineStep step, StopVmCommand c) => Command(step, c.Vm, new Stop(step.Context?.Reason ?? "stopped"));

    private static CommandResult Command(MachineStep step, VmId vm, VmInput input)
    {
        var shard = Shards.Of(vm.Value, step.Options.ShardCount);
        var state = (VmState?)step.Machine.Find(vm.StreamKey)?.State ?? UnknownVm.Instance;
        var decision = VmDecider.Decide(state, input);
        return Commands.Carry(step, vm.StreamKey, shard, UnknownVm.Instance, decision);
    }

    /// <returns>False: about an epoch that an open migration has not made known yet; the agent says it again until it can be placed.</returns>
    public bool Heard(MachineStep step, HostReported reported, VmReport report)
    {
        if (step.Machine.Find(report.Vm.StreamKey) is not { State: Vm vm } entry) return true;
        if (report is VmGone && vm.Migration is not null && report.Epoch > vm.Epoch) return false;
        var decision = VmDecider.Decide(vm, new VmHeard(reported.Host, report));
        if (report is VmConflict && decision.Events.Count > 0) step.Effect(new RaiseAlert("vm.conflict", entry.Key, $"{report.Vm} was seen on {reported.Host}, where it is not placed"));
        step.Append(entry, decision);
        return true;
    }

    public void Answered(MachineStep step, ShardMessage answer)
    {
        var (reply, claim, returned) = answer switch
        {
            ClaimAnswered a => (a.ReplyStream, a.Claim, false),
            ClaimReleaseAnswered a => (a.ReplyStream, a.Claim, true),
            _ => ("", "", false),
        };
        if (step.Machine.Find(reply) is { State: Vm vm } entry) step.Append(entry, VmDecider.Decide(vm, new PlacementAnswered(claim, returned)));
    }

    public void WrittenOff(MachineStep step, StreamEntry entry, HostId host) =>
        step.Append(entry, VmDecider.Decide((VmState)entry.State, new VmHostWrittenOff(host)));

    public static void Asked(MachineStep step, GuestAsked c) =>
        step.Publish(c.Evacuation.Shard, new GuestSeen(c.Evacuation, c.Vm, NewsOf(step.Machine.Find(c.Vm.StreamKey)?.State as Vm), c.Try));

    /// <summary>What evacuations are told of a guest.</summary>
    public static GuestNews NewsOf(Vm? vm) => vm is null
        ? new GuestNews(null, false, false, null, null, null, null, false)
        : new GuestNews(
            vm.Host, vm.Power == VmPower.Lost, vm.Migration is not null || vm.Doubted is not null, vm.LastMigration,
            vm.Last?.Outcome, vm.Last?.Code, vm.Last?.Detail ?? vm.Reason, vm.Last?.Transient ?? false);

    public static bool Pending(VmState state, StreamEntry entry, MachineOptions options, List<MachineEffect> effects, HostId? only)
    {
        var any = false;
        if (VmOrders.Pending(state) is { } order && (only is null || only == order.Host))
        {
            effects.Add(new SendOrder(order.Host, order.Order));
            any = true;
        }

        if (state is not Vm vm || only is not null) return any;
        if (!vm.ClaimCounted)
        {
            var terms = new ClaimTerms(vm.Id, null, vm.Host, vm.Spec.Memory, vm.Spec.Vcpus, Occupies: true);
            effects.Add(Commands.ToShardOf(vm.Host, options, new ClaimAsked(vm.Host.StreamKey, vm.Claim, entry.Key, entry.Shard, terms)));
            any = true;
        }

        if (vm.ToReturn is { } old)
        {
            effects.Add(Commands.ToShardOf(old.Host, options, new ClaimReleased(old.Host.StreamKey, old.Claim, entry.Key, entry.Shard)));
            any = true;
        }

        return any;
    }
}
