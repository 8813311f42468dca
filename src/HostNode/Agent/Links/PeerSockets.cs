using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace HostNode.Agent.Links;

/// <summary>
/// Blocking connections between agents. Blocking on purpose: memory streams are read and written by threads of their own, and .NET's
/// asynchronous sockets would turn each blocking call into a wait for another thread.
/// </summary>
internal static class PeerSockets
{
    // Small: bytes in the send buffer are bytes the convergence rule has to wait for in the blackout.
    private const int SendBuffer = 512 * 1024;

    private const int TcpUserTimeout = 18; // TCP_USER_TIMEOUT, milliseconds
    private static readonly TimeSpan SilenceMost = TimeSpan.FromSeconds(5);

    /// <summary>Connected, both certificates checked; the other side is that host.</summary>
    /// <exception cref="IOException">Not reachable in time, or not that host. Safe to repeat.</exception>
    public static Stream Connect(HostId host, TransferEndpoint endpoint, Credentials own, bool plain, TimeProvider clock, TimeSpan timeout)
    {
        if (!IPAddress.TryParse(endpoint.Address, out var address)) throw new IOException($"'{endpoint.Address}' of host {host} is no IP address");
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        var refusal = "";
        using var deadline = new Deadline(socket, timeout);
        try
        {
            socket.Connect(address, endpoint.PeerPort);
            Tune(socket);
            var stream = new NetworkStream(socket, ownsSocket: true);
            if (plain) return deadline.Met(stream);
            var tls = new SslStream(stream);
            tls.AuthenticateAsClient(Tls.Client(own, PeerRole.Host, clock, identity => identity.Host == host ? null : $"that is {identity}, not host/{host}", why => refusal = why));
            return deadline.Met(tls);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or ObjectDisposedException)
        {
            socket.Dispose();
            var why = refusal.Length > 0 ? refusal : deadline.Passed ? $"no answer within {timeout.TotalSeconds:0.#} s" : e.Message;
            throw new IOException($"host {host} at {endpoint.Address}:{endpoint.PeerPort}: {why}", e);
        }
    }

    /// <summary>The other end of <see cref="Connect"/>: who is there, and the stream.</summary>
    /// <exception cref="IOException">Not a host of this cluster, or too slow.</exception>
    public static (HostId From, Stream Stream) Admit(Socket socket, Credentials own, TimeProvider clock)
    {
        var refusal = "";
        HostId? from = null;
        try
        {
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
            tls.AuthenticateAsServer(Tls.Server(own, PeerRole.Host, clock, Remember, why => refusal = why));
            return (from!.Value, tls);
        }
        catch (Exception e) when (e is SocketException or IOException or AuthenticationException or ObjectDisposedException)
        {
            throw new IOException(refusal.Length > 0 ? refusal : e.Message, e);
        }

        string? Remember(PeerIdentity identity)
        {
            from = identity.Host;
            return null;
        }
    }

    public static void Tune(Socket socket)
    {
        socket.NoDelay = true;
        socket.SendBufferSize = SendBuffer;

        // A peer that vanished without a word: noticed both with and without data under way.
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, 2);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, 1);
        socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, TcpUserTimeout, BitConverter.GetBytes((int)SilenceMost.TotalMilliseconds));
    }
}
