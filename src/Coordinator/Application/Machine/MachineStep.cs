using Coordinator.Application.Bus;
using Coordinator.Domain;
using Coordinator.Shared.Contracts;

namespace Coordinator.Application.Machine;

/// <summary>One input being decided: what handlers may do with it.</summary>
internal sealed class MachineStep(ShardMachine machine, MachineInput input, DateTimeOffset now)
{
    private ReadOnlyMemory<byte> meta;
    private bool causeWritten;

    public ShardMachine Machine { get; } = machine;

    public DateTimeOffset Now { get; } = now;

    public MachineOptions Options => Machine.Options;

    /// <summary>A handler whose decision would be an event of newer contracts decides the older way.</summary>
    public ContractVersion Contracts => Machine.Contracts;

    public CommandContext? Context => (input as CommandArrived)?.Context;

    public void Effect(MachineEffect effect) => Machine.Batch.Effects.Add(effect);

    public void Publish(int shard, ShardMessage message) => Effect(new PublishMessage(new BusMessage(BusMessage.Shard(shard), message)));

    /// <summary>Appends what was decided. A refusal of a fact is an alert and nothing else.</summary>
    public void Append<T>(StreamEntry entry, Decision<T> decision) where T : class
    {
        if (decision.Refusal is { } refusal && Context is null) Effect(new RaiseAlert(refusal.Code, entry.Key, refusal.Detail));
        Machine.Append(entry, decision.Events, this);
    }

    /// <summary>The input itself is kept with the next event too: that one begins another stream's own decision.</summary>
    public void KeepCause() => causeWritten = false;

    /// <summary>The shared part of the envelope: the input itself only with the decision's first event.</summary>
    public ReadOnlyMemory<byte> Meta()
    {
        if (!causeWritten)
        {
            causeWritten = true;
            return Machine.Encoder.Meta(input, withBody: true);
        }

        return meta.IsEmpty ? meta = Machine.Encoder.Meta(input, withBody: false) : meta;
    }
}
