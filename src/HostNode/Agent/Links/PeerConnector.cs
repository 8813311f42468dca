using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Links;

/// <summary>Memory streams to other agents.</summary>
/// <param name="plain">
/// Memory travels unencrypted (an explicit choice of the configuration, both hosts the same). COMMIT and its digest still come over
/// TLS, so a forged memory is not run; but anybody on that network can read the guest.
/// </param>
public sealed class PeerConnector(CredentialFiles credentials, bool plain, TimeProvider clock) : IPeerConnector
{
    public Stream Connect(HostId host, TransferEndpoint endpoint, PeerHello hello, TimeSpan timeout)
    {
        var stream = PeerSockets.Connect(host, endpoint, credentials.Current(), plain, clock, timeout);
        try
        {
            FirstLine.Write(stream, hello);
            return stream;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }
}
