using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;

namespace Coordinator.Application.Machine;

/// <summary>How an input is named and kept in the envelope of the events it caused, so that a history can be decided again.</summary>
internal static class Cause
{
    private static readonly ConcurrentDictionary<Type, JsonTypeInfo> Types = new();

    public static string Actor(MachineInput input) => input switch
    {
        CommandArrived c => c.Context.Actor,
        MessageArrived { Message: HostReported r } => "host/" + r.Host.Value,
        TimerFired => "timer",
        _ => "shard",
    };

    public static string Source(MachineInput input) => input switch
    {
        MessageArrived { Message: HostReported } => "hub",
        TimerFired => "timer",
        _ => "bus",
    };

    public static string Kind(MachineInput input) => input switch
    {
        CommandArrived c => c.Command.GetType().Name,
        MessageArrived { Message: HostReported r } => r.Report.GetType().Name,
        MessageArrived m => m.Message.GetType().Name,
        _ => nameof(TimerFired),
    };

    public static string Id(MachineInput input) => input switch
    {
        CommandArrived c => c.Context.RequestId ?? "",
        MessageArrived { Message: HostReported r } => $"{r.Host}/{r.StartCount}/{r.N}",
        MessageArrived { Message: ClaimAsked c } => c.Claim,
        MessageArrived { Message: ClaimAnswered c } => c.Claim,
        MessageArrived { Message: ClaimReleased c } => c.Claim,
        MessageArrived { Message: ClaimReleaseAnswered c } => c.Claim,
        MessageArrived { Message: HostChanged c } => c.Host.Value,
        MessageArrived { Message: CommandDecided c } => c.Key,
        MessageArrived { Message: GuestSeen c } => c.Vm.Value,
        TimerFired t => $"{t.Stream}/{t.Token}",
        _ => "",
    };

    /// <summary>A plan is in the event that it causes, whole, and need not be there twice.</summary>
    public static bool HasBody(MachineInput input) => input is MessageArrived or CommandArrived { Command: not (StartEvacuation or ReplanEvacuation) };

    /// <summary>The input as its own type's JSON: the kind beside it says which.</summary>
    public static void WriteBody(Utf8JsonWriter json, MachineInput input)
    {
        switch (input)
        {
            case MessageArrived { Message: HostReported r }:
                Write(json, r.Report);
                break;
            case MessageArrived m:
                Write(json, m.Message);
                break;
            case CommandArrived c:
                CommandJson.Write(json, c.Command);
                break;
        }
    }

    private static void Write(Utf8JsonWriter json, object body)
    {
        if (!Types.TryGetValue(body.GetType(), out var type)) Types[body.GetType()] = type = DomainJson.Default.GetTypeInfo(body.GetType())!;
        JsonSerializer.Serialize(json, body, type);
    }
}
