using Coordinator.Application.Bus;
using Coordinator.Domain.Permits;

namespace Coordinator.Application.Machine;

/// <summary>Inputs of <c>permits-…</c> streams.</summary>
internal sealed class PermitHandler(PermitLimits limits)
{
    public void Asked(MachineStep step, int shard, ClaimAsked c)
    {
        if (c.Terms.Source is not { } source || c.Terms.Destination is not { } destination) return;
        var entry = step.Machine.Open(c.Stream, shard, PermitsState.Initial);
        var permit = new Permit(c.Claim, source, destination, c.ReplyStream, c.ReplyShard);
        step.Append(entry, PermitDecider.Decide((PermitsState)entry.State, new AskPermit(permit), limits));
        Answer(step, (PermitsState)entry.State, c.Stream, permit);
    }

    public void Released(MachineStep step, int shard, ClaimReleased c)
    {
        var entry = step.Machine.Open(c.Stream, shard, PermitsState.Initial);
        var decision = PermitDecider.Decide((PermitsState)entry.State, new ReturnPermit(c.Claim), limits);
        step.Append(entry, decision);
        step.Publish(c.ReplyShard, new ClaimReleaseAnswered(c.ReplyStream, c.Stream, c.Claim));
        foreach (var next in decision.Events.OfType<PermitGranted>()) Answer(step, (PermitsState)entry.State, c.Stream, next.Permit);
    }

    // No answer while it waits its turn: the asker asks again.
    private static void Answer(MachineStep step, PermitsState state, string stream, Permit permit)
    {
        if (state.Granted.ContainsKey(permit.Claim)) step.Publish(permit.ReplyShard, new ClaimAnswered(permit.ReplyStream, stream, permit.Claim, null));
    }
}
