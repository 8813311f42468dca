using Coordinator.Application.Bus;
using Coordinator.Domain;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>What all command handlers share.</summary>
internal static class Commands
{
    public static CommandResult NotOwned(int shard) =>
        CommandResult.Refused("shard.notOwned", $"shard {shard} is not owned by this node now", "send the request again in a moment");

    public static CommandResult Stopped(Command command) => CommandResult.Refused(
        "stream.newer", $"{CommandShard.StreamOf(command)} has events of a newer version than the coordinator that decides for it", "finish the upgrade: lm cluster doctor; then send the request again");

    /// <summary>Checks If-Match, appends what was decided and makes the answer.</summary>
    public static CommandResult Carry<T>(MachineStep step, string key, int shard, object initial, Decision<T> decision) where T : class
    {
        step.Machine.SpeakFor(shard);
        var entry = step.Machine.Find(key);
        if (step.Context?.ExpectedVersion is { } expected && expected != (entry?.Version ?? 0))
            return CommandResult.Refused("precondition.stale", $"the resource is at version {entry?.Version ?? 0}, not {expected}", "read it again and decide anew");
        if (decision.Refusal is { } refusal) return new CommandResult(refusal, key, entry?.Version ?? 0, false, entry?.State);
        if (decision.Events.Count > 0)
        {
            entry ??= step.Machine.Open(key, shard, initial);
            step.Append(entry, decision);
        }

        return new CommandResult(null, key, entry?.Version ?? 0, decision.Events.Count > 0, entry?.State);
    }

    public static PublishMessage ToShardOf(HostId host, MachineOptions options, ShardMessage message) =>
        To(Shards.Of(host.Value, options.ShardCount), message);

    public static PublishMessage To(int shard, ShardMessage message) => new(new BusMessage(BusMessage.Shard(shard), message));
}
