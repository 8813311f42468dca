using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Engine.Tests.Given;

/// <summary>Links to another process: plain TCP, the hello as the first line.</summary>
public sealed class TcpPeers : IPeerConnector
{
    public Stream Connect(HostId host, TransferEndpoint endpoint, PeerHello hello, TimeSpan timeout)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            socket.Connect(endpoint.Address, endpoint.PeerPort);
            var stream = new NetworkStream(socket, ownsSocket: true);
            stream.Write(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(hello, WireJson.Default.PeerMessage) + "\n"));
            return stream;
        }
        catch (SocketException refused)
        {
            socket.Dispose();
            throw new IOException(refused.Message, refused);
        }
    }

    public static PeerHello ReadHello(Stream stream)
    {
        var line = new List<byte>();
        for (var value = stream.ReadByte(); value != '\n'; value = stream.ReadByte()) line.Add((byte)value);
        return (PeerHello)JsonSerializer.Deserialize(line.ToArray(), WireJson.Default.PeerMessage)!;
    }
}
