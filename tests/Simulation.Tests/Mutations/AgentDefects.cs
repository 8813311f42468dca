using Coordinator.Shared.Contracts;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;
using Simulator;

namespace Simulation.Tests.Mutations;

/// <summary>What an agent, its journal or its hypervisor could do wrong: each a defect at the border of the honest machine.</summary>
internal static class AgentDefects
{
    /// <summary>Effects after the honest ones.</summary>
    public static AgentStep And(this AgentStep step, params AgentEffect[] more) => step with { Effects = [.. step.Effects, .. more] };

    /// <summary>Without the effects that are left out.</summary>
    public static AgentStep Without(this AgentStep step, Func<AgentEffect, bool> leaveOut) => step with { Effects = [.. step.Effects.Where(e => !leaveOut(e))] };
}

// Model: BUG1. The source runs its guest again because the destination is silent.
internal sealed class ResumesAlone : Mutation
{
    public override AgentStep Steps(SimHost host, AgentInput input, AgentStep step)
    {
        if (input is not Tick) return step;
        var silent = host.Hypervisor.Guests.FirstOrDefault(g => g.State == GuestRunState.Completed && host.Now - g.PausedAt > TimeSpan.FromSeconds(2));
        return silent is null ? step : step.And(new Drive("", new RunGuest(silent.Vm.Id, default)));
    }
}

// Model: BUG2. REFUSED is said and never reaches the disk.
internal sealed class ForgetsRefusals : Mutation
{
    public override bool Keeps(SimHost host, JournalRecord record) => record is not AttemptRefused;
}

// Model: BUG2, its other half. REFUSED is said while the copy still lives.
internal sealed class RefusesBeforeTheCopyIsDead : Mutation
{
    public override AgentStep Steps(SimHost host, AgentInput input, AgentStep step) => input switch
    {
        PeerReceived { Message: PeerRefuse m } when host.Hypervisor.Find(m.Vm) is { State: GuestRunState.Loaded } => step.And(new ReplyPeer(((PeerReceived)input).From, new PeerRefused(m.Vm, m.Migration, m.Epoch))).Without(e => e is Drive { Command: DestroyGuest }),
        _ => step,
    };
}

// Model: BUG3. The destination runs as soon as it is loaded.
internal sealed class Autostarts : Mutation
{
    public override void Loaded(SimHost host, SimGuest guest) => host.Hypervisor.Run(guest);
}

// Model: BUG4B. vCPUs start before OWNED is durable; all effects before their records.
internal sealed class ActsBeforeItIsDurable : Mutation
{
    public override bool ActsBeforeFsync => true;
}

// Model: BUG7. The source's copy is destroyed when COMMIT leaves.
internal sealed class DestroysWhenCommitLeaves : Mutation
{
    public override AgentStep Steps(SimHost host, AgentInput input, AgentStep step) =>
        step.Effects.OfType<SendPeer>().FirstOrDefault(e => e.Message is PeerCommit) is { } commit ? step.And(new Drive("", new DestroyGuest(commit.Message.Vm))) : step;
}

// Model: BUG8. COMMIT leaves when the bytes have left, before the hypervisor said completed.
internal sealed class StreamEndIsCommit : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input)
    {
        if (input is not HypervisorReported { Event: OutgoingPaused e } || host.Hypervisor.Find(e.Vm) is not { } guest) return input;
        host.Hear(new HypervisorReported(new OutgoingCompleted(e.Vm, e.Migration, guest.Content.ToString(System.Globalization.CultureInfo.InvariantCulture), AnyStats, e.At)));
        return input;
    }

    private static readonly TransferStats AnyStats = new(default, default, 1, TimeSpan.Zero, TimeSpan.Zero);
}

// Model: BUG10. A loaded destination refuses although COMMIT is there.
internal sealed class RefusesDespiteCommit : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) => input is PeerReceived { Message: PeerCommit m } p
        ? p with { Message = new PeerRefuse(m.Vm, m.Migration, m.Epoch) }
        : input is OrderReceived { Order: GoForward g } ? new OrderReceived(new RefuseIn(g.Vm, g.Number, g.Migration, g.Epoch, "no")) : input;
}

// Model: BUG13. A loaded destination does not answer the question whether it refuses.
internal sealed class LoadedNeverRefuses : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) => input switch
    {
        PeerReceived { Message: PeerRefuse m } when IsLoaded(host, m.Vm) => null,
        OrderReceived { Order: RefuseIn o } when IsLoaded(host, o.Vm) => null,
        _ => input,
    };

    private static bool IsLoaded(SimHost host, Coordinator.Shared.Identity.VmId vm) => host.Hypervisor.Find(vm) is { State: GuestRunState.Loaded };
}

// Model: BUG17. A journal that is gone is taken for a new one, and it answers.
internal sealed class EmptyJournalAnswers : Mutation
{
    public override bool LosesJournals => true;
}

// Model: BUG23. GoForward never arrives: nobody takes over from a source that is gone.
internal sealed class NeverGoesForward : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) => input is OrderReceived { Order: GoForward } ? null : input;
}

// OWNED is said and never reaches the disk.
internal sealed class ForgetsOwned : Mutation
{
    public override bool Keeps(SimHost host, JournalRecord record) => record is not AttemptOwned;
}

// INTENT is acted on and never reaches the disk.
internal sealed class ForgetsIntent : Mutation
{
    public override bool Keeps(SimHost host, JournalRecord record) => record is not IntentJournaled;
}

// RELEASED is said and never reaches the disk.
internal sealed class ForgetsReleased : Mutation
{
    public override bool Keeps(SimHost host, JournalRecord record) => record is not AttemptReleased;
}

// The digest in COMMIT is not compared with what was loaded.
internal sealed class IgnoresTheDigest : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) => input is PeerReceived { Message: PeerCommit m } p && host.Hypervisor.Find(m.Vm) is { State: GuestRunState.Loaded } copy
        ? p with { Message = m with { Digest = copy.Content.ToString(System.Globalization.CultureInfo.InvariantCulture) } }
        : input;
}

// The destination's refusal is taken for its OWNED: the source releases.
internal sealed class ReleasesOnRefusal : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) =>
        input is PeerReceived { Message: PeerRefused m } p ? p with { Message = new PeerOwned(m.Vm, m.Migration, m.Epoch) } : input;
}

// The destination's OWNED is taken for its refusal: the source runs on.
internal sealed class ResumesOnOwned : Mutation
{
    public override AgentInput? Hears(SimHost host, AgentInput input) =>
        input is PeerReceived { Message: PeerOwned m } p ? p with { Message = new PeerRefused(m.Vm, m.Migration, m.Epoch) } : input;
}

// A report counts as delivered once it is sent (model: BUG11, the host's half).
internal sealed class ReportsOnce : Mutation
{
    public override bool RepeatsReports => false;
}

