using HostNode.Agent.Machine;

namespace HostNode.Agent.Loop;

/// <summary>Something for the loop's thread.</summary>
internal abstract record LoopItem
{
    public sealed record Input(AgentInput Value) : LoopItem;

    /// <summary>Somebody wants to look at the machine's state between two steps.</summary>
    public sealed record Question(Action<IAgentMachine> Answer) : LoopItem;
}
