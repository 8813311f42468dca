using Coordinator.Application.Bus;

namespace Coordinator.Application.Machine;

/// <summary>Makes an ordinary command of what an evacuation asks for in another shard: the same path as a forwarded one.</summary>
public static class AskedCommands
{
    // Not the shard's answer, but that it could not decide now: it is asked again.
    private static readonly HashSet<string> NoAnswers = ["shard.notOwned", "store.unavailable", "node.stopping", "stream.newer"];

    /// <param name="publish">Takes the answer, once it is durable.</param>
    /// <param name="done">Called when the message is dealt with.</param>
    public static CommandArrived Arrived(CommandAsked asked, Action<BusMessage> publish, Action? done)
    {
        var actor = asked.Evacuation.Actor;
        var context = new CommandContext(actor, "bus", actor, null, null, asked.Key, asked.Key is null ? null : "", null) { Once = true };
        return new CommandArrived(asked.Command, context, result =>
        {
            if (asked.Key is { } key && !NoAnswers.Contains(result.Refusal?.Code ?? ""))
                publish(new BusMessage(BusMessage.Shard(asked.Evacuation.Shard), new CommandDecided(asked.Evacuation, key, result.Refusal, result.Stream)));
            done?.Invoke();
        });
    }
}
