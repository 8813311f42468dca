using Coordinator.Application.Bus;
using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>Inputs of <c>host-…</c> streams: admission, cordon, and the ledger of capacity.</summary>
internal sealed class HostHandler
{
    public CommandResult Command(MachineStep step, HostId host, HostInput input)
    {
        var shard = Shards.Of(host.Value, step.Options.ShardCount);
        var state = (HostState?)step.Machine.Find(host.StreamKey)?.State ?? HostState.Unknown;
        return Commands.Carry(step, host.StreamKey, shard, HostState.Unknown, HostDecider.Decide(state, input));
    }

    /// <summary>The streams that involve the host are told by a hint to every shard; each asks again on its own timers.</summary>
    public CommandResult WriteOff(MachineStep step, HostId host)
    {
        var result = Command(step, host, new WriteOff(step.Context?.Reason ?? "", step.Context?.Actor ?? ""));
        if (result.Refusal is not null) return result;
        foreach (var hint in WrittenOffHints(host, step.Options)) step.Effect(hint);
        return result;
    }

    public static IEnumerable<MachineEffect> WrittenOffHints(HostId host, MachineOptions options) =>
        Enumerable.Range(0, options.ShardCount).Select(shard => new PublishMessage(new BusMessage(BusMessage.Shard(shard), new HostChanged(host, "writtenOff", 0, ""))));

    public static void StatusAsked(MachineStep step, HostStatusAsked c)
    {
        if (step.Machine.Find(c.Host.StreamKey) is { State: HostState { WrittenOffReason: not null } })
            step.Publish(c.ReplyShard, new HostChanged(c.Host, "writtenOff", 0, c.ReplyStream));
    }

    public void Asked(MachineStep step, int shard, ClaimAsked c)
    {
        var entry = step.Machine.Open(c.Stream, shard, HostState.Unknown);
        var claim = new CapacityClaim(c.Terms.Vm, c.Terms.Memory, c.Terms.Vcpus);
        step.Append(entry, HostDecider.Decide((HostState)entry.State, new ClaimCapacity(c.Claim, claim, c.Terms.Occupies)));
        step.Publish(c.ReplyShard, new ClaimAnswered(c.ReplyStream, c.Stream, c.Claim, HostDecider.AnswerTo((HostState)entry.State, c.Claim)));
        // A host that was written off before this claim was made is news to its owner.
        if (((HostState)entry.State).WrittenOffReason is not null && HostId.TryParse(c.Stream["host-".Length..], out var host))
            step.Publish(c.ReplyShard, new HostChanged(host, "writtenOff", 0, c.ReplyStream));
    }

    public void Released(MachineStep step, int shard, ClaimReleased c)
    {
        var entry = step.Machine.Open(c.Stream, shard, HostState.Unknown);
        step.Append(entry, HostDecider.Decide((HostState)entry.State, new ReleaseCapacity(c.Claim)));
        step.Publish(c.ReplyShard, new ClaimReleaseAnswered(c.ReplyStream, c.Stream, c.Claim));
    }
}
