using Coordinator.Application.Bus;

namespace Coordinator.Application.Machine;

/// <summary>Everything that can happen to the shards of a node. Closed family.</summary>
public abstract record MachineInput;

/// <param name="Reply">Called once, on the node's loop, after the commit.</param>
public sealed record CommandArrived(Command Command, CommandContext Context, Action<CommandResult> Reply) : MachineInput;

/// <param name="Done">Called after the commit; never for a shard that is not this node's any more, where the next owner must hear the message. Null: nobody waits.</param>
public sealed record MessageArrived(int Shard, ShardMessage Message, Action? Done = null) : MachineInput;

/// <summary>A stream's timer is due.</summary>
public sealed record TimerFired(string Stream, long Token) : MachineInput;
