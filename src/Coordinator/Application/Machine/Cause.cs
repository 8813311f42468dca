using System.Text.Json;
using Coordinator.Application.Bus;
using Coordinator.Application.Events;

namespace Coordinator.Application.Machine;

/// <summary>How an input is named and kept in the envelope of the events it caused, so that a history can be decided again.</summary>
internal static class Cause
{
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
        TimerFired t => $"{t.Stream}/{t.Token}",
        _ => "",
    };

    public static void WriteBody(Utf8JsonWriter json, MachineInput input)
    {
        switch (input)
        {
            case MessageArrived { Message: HostReported r }:
                json.WritePropertyName("causeBody"u8);
                JsonSerializer.Serialize(json, r.Report, DomainJson.Default.Report);
                break;
            case MessageArrived m:
                json.WritePropertyName("causeBody"u8);
                JsonSerializer.Serialize(json, m.Message, DomainJson.Default.ShardMessage);
                break;
            case CommandArrived c:
                json.WritePropertyName("causeBody"u8);
                CommandJson.Write(json, c.Command);
                break;
        }
    }
}
