using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Loop;

namespace HostNode.Agent.Links;

/// <summary>What a <see cref="PeerServer"/> needs. The functions are called on threads of their own.</summary>
public sealed record PeerServerOptions
{
    public required CredentialFiles Credentials { get; init; }

    /// <summary>Accept memory streams without TLS as well (see <see cref="PeerConnector"/>).</summary>
    public bool Plain { get; init; }

    public required TimeProvider Clock { get; init; }

    public required AgentLog Log { get; init; }

    /// <summary>Takes over a control link with that host.</summary>
    public required Action<HostId, Stream> Control { get; init; }

    /// <summary>The host that may open memory streams for that attempt, null for none.</summary>
    public required Func<PeerHello, HostId?> MemorySource { get; init; }

    /// <summary>Takes over a memory stream.</summary>
    public required Action<PeerHello, Stream> Memory { get; init; }
}
