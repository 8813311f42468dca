using System.Net;
using System.Net.Sockets;

namespace Cli.Demo;

/// <summary>
/// A port for a program that will listen on it soon, and again after each of its restarts. None of those that the kernel gives to clients:
/// while the program is not there, a client elsewhere may be given that very port, even one that knocks at it, which then talks to itself.
/// </summary>
internal static class FreePort
{
    // Linux gives clients 32768 and above.
    private const int First = 10_000;
    private const int End = 32_000;
    private const int TriesMax = 100;

    /// <exception cref="SocketException">No port is free, or loopback cannot be used.</exception>
    public static int Find()
    {
        for (var tries = 1; ; tries++)
        {
            var port = Random.Shared.Next(First, End);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException) when (tries < TriesMax)
            {
                // Somebody listens there.
            }
        }
    }
}
