using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;

namespace Coordinator.Application.Machine;

/// <summary>Writes bodies and envelopes of decided events. One for a machine: its writer and its chunks serve all batches.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The writer holds nothing but the buffer beside it.")]
internal sealed class EventEncoder
{
    private static readonly byte[] Empty = "{}"u8.ToArray();
    private static readonly JsonEncodedText Actor = JsonEncodedText.Encode("actor");
    private static readonly JsonEncodedText Source = JsonEncodedText.Encode("source");
    private static readonly JsonEncodedText CauseKind = JsonEncodedText.Encode("causeKind");
    private static readonly JsonEncodedText CauseId = JsonEncodedText.Encode("causeId");
    private static readonly JsonEncodedText CauseBody = JsonEncodedText.Encode("causeBody");
    private static readonly JsonEncodedText Code = JsonEncodedText.Encode("code");

    private readonly RecordBuffer buffer = new();
    private readonly Utf8JsonWriter json;
    private readonly JsonEncodedText code;

    public EventEncoder(string codeVersion)
    {
        code = JsonEncodedText.Encode(codeVersion);
        json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
    }

    public ReadOnlyMemory<byte> Body(object happened, EventType type)
    {
        if (type.Json.Properties.Count == 0) return Empty;
        Begin();
        JsonSerializer.Serialize(json, happened, type.Json);
        return End();
    }

    /// <summary>The shared part of the envelope, <see cref="Store.EventMeta"/>.</summary>
    /// <param name="withBody">With the input itself.</param>
    public ReadOnlyMemory<byte> Meta(MachineInput input, bool withBody)
    {
        Begin();
        json.WriteStartObject();
        var context = (input as CommandArrived)?.Context;
        if (input is MessageArrived { Message: HostReported reported }) WriteHost(Actor, reported);
        else json.WriteString(Actor, context?.Actor ?? Cause.Actor(input));
        json.WriteString(Source, context?.Source ?? Cause.Source(input));
        if (context?.Reason is { } reason) json.WriteString("reason"u8, reason);
        if (context?.RequestId is { } request) json.WriteString("requestId"u8, request);
        json.WriteString(CauseKind, Cause.Kind(input));
        if (input is MessageArrived { Message: HostReported report }) WriteNumber(CauseId, report);
        else json.WriteString(CauseId, Cause.Id(input));
        if (withBody && Cause.HasBody(input))
        {
            json.WritePropertyName(CauseBody);
            Cause.WriteBody(json, input);
        }

        if (context?.TraceParent is { } trace) json.WriteString("traceParent"u8, trace);
        json.WriteString(Code, code);
        json.WriteEndObject();
        return End();
    }

    // Most inputs are reports: their names are put together without a string for each.
    private void WriteHost(JsonEncodedText name, HostReported r)
    {
        Span<char> text = stackalloc char[128];
        if (text.TryWrite(CultureInfo.InvariantCulture, $"host/{r.Host.Value}", out var length)) json.WriteString(name, text[..length]);
        else json.WriteString(name, "host/" + r.Host.Value);
    }

    private void WriteNumber(JsonEncodedText name, HostReported r)
    {
        Span<char> text = stackalloc char[128];
        if (text.TryWrite(CultureInfo.InvariantCulture, $"{r.Host.Value}/{r.StartCount}/{r.N}", out var length)) json.WriteString(name, text[..length]);
        else json.WriteString(name, Cause.Id(new MessageArrived(0, r)));
    }

    private void Begin()
    {
        buffer.Begin();
        json.Reset();
    }

    private ReadOnlyMemory<byte> End()
    {
        json.Flush();
        return buffer.End();
    }
}
