using Coordinator.Shared.Contracts;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Links;

/// <summary>What a <see cref="HubLink"/> needs.</summary>
public sealed record HubLinkOptions
{
    /// <summary><c>wss</c> addresses of coordinators, tried in turn; any one will do.</summary>
    public required IReadOnlyList<Uri> Coordinators { get; init; }

    public required CredentialFiles Credentials { get; init; }

    /// <summary>The first frame, made afresh for each connection.</summary>
    public required Func<Task<AgentHello>> Hello { get; init; }

    /// <summary>Hands an input to the loop; false if it was dropped.</summary>
    public required Func<AgentInput, bool> Post { get; init; }

    /// <summary>No later try can be admitted: the agent must stop.</summary>
    public required Action<HubRefusal> Superseded { get; init; }

    public required TimeProvider Clock { get; init; }

    public required Failpoints Failpoints { get; init; }

    public required AgentLog Log { get; init; }
}
