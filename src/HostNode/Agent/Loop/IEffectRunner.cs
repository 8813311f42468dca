using Coordinator.Shared.Contracts;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Loop;

/// <summary>Carries effects out. Called on the loop's thread only after the records of their step are durable; never blocks on network or guests.</summary>
public interface IEffectRunner
{
    /// <param name="role">This host's part in the migration the effect belongs to, if it is known.</param>
    void Run(AgentEffect effect, MigrationRole? role);
}
