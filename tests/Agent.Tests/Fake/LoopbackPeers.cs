using System.Net;
using System.Net.Sockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Agent.Tests.Fake;

/// <summary>Streams straight to the other driver, over TCP without TLS.</summary>
internal sealed class LoopbackPeers : IPeerConnector
{
    public Action<PeerHello, Stream> Accept { get; set; } = (_, stream) => stream.Dispose();

    public Stream Connect(HostId host, TransferEndpoint endpoint, PeerHello hello, TimeSpan timeout)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var client = new TcpClient();
        client.Connect((IPEndPoint)listener.LocalEndpoint);
        Accept(hello, new NetworkStream(listener.AcceptSocket(), ownsSocket: true));
        return client.GetStream();
    }
}
