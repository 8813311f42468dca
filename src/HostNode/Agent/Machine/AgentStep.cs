namespace HostNode.Agent.Machine;

/// <summary>What one input leads to: records that must be durable first, then effects.</summary>
public sealed record AgentStep(IReadOnlyList<JournalRecord> Records, IReadOnlyList<AgentEffect> Effects)
{
    public static readonly AgentStep Nothing = new([], []);
}
