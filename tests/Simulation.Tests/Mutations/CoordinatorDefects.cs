using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Simulator;

namespace Simulation.Tests.Mutations;

// Model: BUG4A. Orders leave before the append.
internal sealed class SendsBeforeItIsCommitted : Mutation
{
    public override bool SendsBeforeCommit => true;
}

// Model: BUG6. The store appends for anybody: no term, no owner, no version is compared.
internal sealed class AppendsWithoutVersion : Mutation
{
    public override bool StoreChecks => false;
}

// Model: BUG11. Nothing is ever sent again.
internal sealed class SendsOnce : Mutation
{
    public override MachineOptions SetUp(MachineOptions options) => options with { SendAgainMin = TimeSpan.FromDays(1), SendAgainMax = TimeSpan.FromDays(1) };
}

// Model: BUG15. A source that is merely silent (it is asked to give the grant back) counts as gone.
internal sealed class SilentMeansGone : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: GiveBack o } order) coordinator.Post(new MessageArrived(o.Migration.Shard, new HostReported(order.Host, 0, 0, new SourceGone(o.Vm, o.Migration, o.Epoch))));
        }

        return effects;
    }
}

// Model: BUG16 and BUG20. A grant is taken back: the coordinator believes the source's REJECTED before it was said.
internal sealed class TakesTheGrantBack : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: GiveBack o } order) coordinator.Post(new MessageArrived(o.Migration.Shard, new HostReported(order.Host, 0, 0, new Rejected(o.Vm, o.Migration, o.Epoch, "it is late", true, false))));
        }

        return effects;
    }
}

// Model: BUG22. HOLD is not waited for: the source's promise is taken for granted, and so is that the destination is off.
internal sealed class HeldWithoutAFence : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        List<MachineEffect> all = [.. effects];
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: GiveBack o } order) all.Add(order with { Order = new ResumeSource(o.Vm, o.Number, o.Migration, o.Epoch, o.Epoch.Next) });
        }

        return all;
    }
}

// Permits are given without counting.
internal sealed class IgnoresTheCaps : Mutation
{
    public override MachineOptions SetUp(MachineOptions options) => options with { Permits = new PermitLimits(1_000, 1_000, 1_000) };
}

// Permits are never given back: the release is lost on its way, always.
internal sealed class KeepsPermits : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects) =>
        [.. effects.Where(e => e is not PublishMessage { Message.Body: ClaimReleased { Stream: var stream } } || !stream.StartsWith("permits-", StringComparison.Ordinal))];
}

// Capacity counts as given back although it was never released.
internal sealed class LeaksCapacity : Mutation
{
    public override MachineInput? Hears(SimCoordinator coordinator, MachineInput input)
    {
        if (input is not MessageArrived { Message: ClaimReleased c } m || c.Stream.StartsWith("permits-", StringComparison.Ordinal)) return input;
        return m with { Shard = c.ReplyShard, Message = new ClaimReleaseAnswered(c.ReplyStream, c.Stream, c.Claim) };
    }
}

// Closed before the destination attested: its refusal is made up when the source's comes.
internal sealed class ClosesBeforeTheDestinationAttested : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: RefuseIn o } order) coordinator.Post(new MessageArrived(o.Migration.Shard, new HostReported(order.Host, 0, 0, new Refused(o.Vm, o.Migration, o.Epoch, "surely", false))));
        }

        return [.. effects.Where(e => e is not SendOrder { Order: RefuseIn })];
    }
}

/// <summary>Remembers where migrations go to.</summary>
internal abstract class KnowsDestinations : Mutation
{
    protected Dictionary<MigrationId, HostId> Destinations { get; } = [];

    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: PrepareIn o } order) Destinations[o.Migration] = order.Host;
        }

        return effects;
    }
}

// Model: BUG9. That the destination is off is taken for proof that the guest never ran there: its refusal is made up when the source holds.
internal sealed class OffIsProof : KnowsDestinations
{
    public override MachineInput? Hears(SimCoordinator coordinator, MachineInput input) =>
        input is MessageArrived { Message: HostReported { Report: Holding h } } m && Destinations.TryGetValue(h.Migration, out var destination)
            ? m with { Message = new HostReported(destination, 0, 0, new Refused(h.Vm, h.Migration, h.Epoch, "it is off", false)) }
            : input;
}

// Model: BUG24. A silent source is given up before anybody has read its journal: the destination is asked to refuse.
internal sealed class GivesUpBeforeTheJournalIsRead : KnowsDestinations
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        List<MachineEffect> all = [.. base.Acts(coordinator, effects)];
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: GiveBack o } && Destinations.TryGetValue(o.Migration, out var destination))
                all.Add(new SendOrder(destination, new RefuseIn(o.Vm, o.Number, o.Migration, o.Epoch, "it is silent")));
        }

        return all;
    }
}

// Model: BUG12. The source is not asked to hold before a destination that is off is judged: its promise is made up.
internal sealed class OffWithoutHold : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            if (effect is SendOrder { Order: Hold o } order) coordinator.Post(new MessageArrived(o.Migration.Shard, new HostReported(order.Host, 0, 0, new Holding(o.Vm, o.Migration, o.Epoch))));
        }

        return [.. effects.Where(e => e is not SendOrder { Order: Hold })];
    }
}

// Model: BUG14. A source that is gone is taken for proof that COMMIT had left.
internal sealed class GoneMeansCommitted : Mutation
{
    private static readonly TransferStats AnyStats = new(default, default, 1, TimeSpan.Zero, TimeSpan.Zero);

    public override MachineInput? Hears(SimCoordinator coordinator, MachineInput input)
    {
        if (input is MessageArrived { Message: HostReported { Report: SourceGone g } r } m)
            coordinator.Post(m with { Message = new HostReported(r.Host, 0, 0, new CommitSent(g.Vm, g.Migration, g.Epoch, "made up", AnyStats)) });
        return input;
    }
}

// Model: BUG21. The destination is asked to refuse as soon as the source has its grant.
internal sealed class AsksWithoutTheSource : Mutation
{
    public override IReadOnlyList<MachineEffect> Acts(SimCoordinator coordinator, IReadOnlyList<MachineEffect> effects) =>
    [
        .. effects, .. effects.OfType<SendOrder>().Where(e => e.Order is SwitchOver).Select(e => (SwitchOver)e.Order)
            .Select(o => new SendOrder(o.Grant.Token.Destination, new RefuseIn(o.Vm, o.Number, o.Migration, o.Epoch, "made up"))),
    ];
}
