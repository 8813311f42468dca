using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Agent.Machine;

/// <summary>Who this agent is.</summary>
/// <param name="Own">Where other agents reach it.</param>
public sealed record AgentIdentity(HostId Host, TransferEndpoint Own);
