using System.Net.Sockets;
using System.Text;

namespace Coordinator.Server.Hosting;

/// <summary>Tells systemd (<c>Type=notify</c>) how far we are; nothing where nobody asks.</summary>
internal static class ServiceNotice
{
    public const string Variable = "NOTIFY_SOCKET";

    /// <summary>Requests are served.</summary>
    public static void Ready() => Say("READY=1");

    /// <summary>Told to stop.</summary>
    public static void Stopping() => Say("STOPPING=1");

    private static void Say(string state)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } path) return;
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            // A leading @ stands for the abstract name space.
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path[0] == '@' ? "\0" + path[1..] : path));
        }
        catch (SocketException)
        {
            // Who started us does not listen any more.
        }
    }
}
