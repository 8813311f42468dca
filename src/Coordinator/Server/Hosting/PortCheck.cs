using System.Net;
using System.Net.Sockets;
using Coordinator.Server.Configuration;

namespace Coordinator.Server.Hosting;

/// <summary>Tries an address before anything else is touched.</summary>
internal static class PortCheck
{
    /// <exception cref="ConfigurationProblemException">Something listens there already, or this machine has no such address.</exception>
    public static void Require(IPEndPoint endpoint, ConfigKey key)
    {
        if (endpoint.Port == 0) return;
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            // As the server itself will do it, so that a port whose last connections still linger counts as free.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(endpoint);
            socket.Listen(1);
        }
        catch (SocketException e)
        {
            throw new ConfigurationProblemException($"{key.Path} = {endpoint.Port}: cannot listen on {endpoint}: {e.Message}; stop the other program or choose another port", e);
        }
    }
}
