using System.Buffers;
using System.Text.Json;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;
using Coordinator.Domain;

namespace Coordinator.Application.Machine;

/// <summary>One input being decided: what handlers may do with it.</summary>
internal sealed class MachineStep(ShardMachine machine, MachineInput input, DateTimeOffset now)
{
    private ReadOnlyMemory<byte> meta;
    private bool causeWritten;

    public ShardMachine Machine { get; } = machine;

    public DateTimeOffset Now { get; } = now;

    public MachineOptions Options => Machine.Options;

    public CommandContext? Context => (input as CommandArrived)?.Context;

    public void Effect(MachineEffect effect) => Machine.Batch.Effects.Add(effect);

    public void Publish(int shard, ShardMessage message) => Effect(new PublishMessage(new BusMessage(BusMessage.Shard(shard), message)));

    /// <summary>Appends what was decided. A refusal of a fact is an alert and nothing else.</summary>
    public void Append<T>(StreamEntry entry, Decision<T> decision) where T : class
    {
        if (decision.Refusal is { } refusal && Context is null) Effect(new RaiseAlert(refusal.Code, entry.Key, refusal.Detail));
        Machine.Append(entry, decision.Events, this);
    }

    /// <summary>The shared part of the envelope: the input itself only with the decision's first event.</summary>
    public ReadOnlyMemory<byte> Meta()
    {
        if (!causeWritten)
        {
            causeWritten = true;
            return Write(withBody: true);
        }

        return meta.IsEmpty ? meta = Write(withBody: false) : meta;
    }

    private byte[] Write(bool withBody)
    {
        var buffer = new ArrayBufferWriter<byte>(withBody ? 384 : 128);
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true }))
        {
            json.WriteStartObject();
            var context = Context;
            json.WriteString("actor"u8, context?.Actor ?? Cause.Actor(input));
            json.WriteString("source"u8, context?.Source ?? Cause.Source(input));
            if (context?.Reason is { } reason) json.WriteString("reason"u8, reason);
            if (context?.RequestId is { } request) json.WriteString("requestId"u8, request);
            json.WriteString("causeKind"u8, Cause.Kind(input));
            json.WriteString("causeId"u8, Cause.Id(input));
            if (withBody) Cause.WriteBody(json, input);
            if (context?.TraceParent is { } trace) json.WriteString("traceParent"u8, trace);
            json.WriteString("code"u8, Options.CodeVersion);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }
}
