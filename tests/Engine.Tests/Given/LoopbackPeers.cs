using System.Net;
using System.Net.Sockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Engine.Tests.Given;

/// <summary>Links between hosts of one test: real TCP over loopback, handed to the other driver as its agent would. Faults are put in by <see cref="Wrap"/>.</summary>
public sealed class LoopbackPeers : IPeerConnector
{
    private readonly Dictionary<HostId, IHypervisor> _hosts = [];

    /// <summary>Puts something between source and stream.</summary>
    public Func<PeerHello, Stream, Stream> Wrap { get; set; } = (_, stream) => stream;

    public List<PeerHello> Hellos { get; } = [];

    public void Add(HostId host, IHypervisor driver) => _hosts[host] = driver;

    public Stream Connect(HostId host, TransferEndpoint endpoint, PeerHello hello, TimeSpan timeout)
    {
        lock (Hellos) Hellos.Add(hello);
        var (near, far) = Pair();
        _hosts[host].AcceptStream(hello, far);
        return Wrap(hello, near);
    }

    public static (Stream Near, Stream Far) Pair()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var near = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        near.Connect(listener.LocalEndpoint);
        var far = listener.AcceptSocket();
        far.NoDelay = true;
        return (new NetworkStream(near, ownsSocket: true), new NetworkStream(far, ownsSocket: true));
    }
}
