using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors;

/// <summary>Opens authenticated streams to other agents.</summary>
public interface IPeerConnector
{
    /// <summary>A blocking TLS stream to the other agent with the hello already sent. Closing it aborts what is in flight.</summary>
    /// <param name="host">Identity the other side's certificate must carry.</param>
    /// <exception cref="IOException">Not reachable, or not that host. Safe to repeat.</exception>
    Stream Connect(HostId host, TransferEndpoint endpoint, PeerHello hello, TimeSpan timeout);
}
