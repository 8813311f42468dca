using Coordinator.Application.Bus;

namespace Coordinator.Application.Machine;

/// <summary>Everything that can happen to the shards of a node. Closed family.</summary>
public abstract record MachineInput;

/// <param name="Reply">Called once, on the node's loop, after the commit.</param>
public sealed record CommandArrived(Command Command, CommandContext Context, Action<CommandResult> Reply) : MachineInput;

public sealed record MessageArrived(int Shard, ShardMessage Message) : MachineInput;

/// <summary>A stream's timer is due.</summary>
public sealed record TimerFired(string Stream, long Token) : MachineInput;
