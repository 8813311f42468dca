using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Coordinator.Server.Api;

/// <summary>The uid that owns the client end of a loopback connection, from <c>/proc/net/tcp</c> (see proc(5)).</summary>
public static class SocketOwner
{
    private const int LocalColumn = 1;
    private const int RemoteColumn = 2;
    private const int UidColumn = 7;

    /// <summary>Null when it cannot be known: the socket is gone, or in another network namespace.</summary>
    public static int? Uid(IPAddress? client, int clientPort, IPAddress? server, int serverPort)
    {
        if (client is null || server is null) return null;
        foreach (var (file, family) in new[] { ("/proc/net/tcp", AddressFamily.InterNetwork), ("/proc/net/tcp6", AddressFamily.InterNetworkV6) })
        {
            if (Endpoint(client, clientPort, family) is not { } local || Endpoint(server, serverPort, family) is not { } remote) continue;
            if (Search(file, local, remote) is { } uid) return uid;
        }

        return null;
    }

    private static int? Search(string file, string local, string remote)
    {
        try
        {
            foreach (var line in File.ReadLines(file))
            {
                var columns = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                if (columns.Length <= UidColumn || columns[LocalColumn] != local || columns[RemoteColumn] != remote) continue;
                return int.TryParse(columns[UidColumn], NumberStyles.None, CultureInfo.InvariantCulture, out var uid) ? uid : null;
            }
        }
        catch (IOException)
        {
            return null;
        }

        return null;
    }

    // The kernel prints each 32-bit word of the address in host byte order, then the port, in hexadecimal.
    private static string? Endpoint(IPAddress address, int port, AddressFamily family)
    {
        if (family == AddressFamily.InterNetwork && address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        else if (family == AddressFamily.InterNetworkV6 && address.AddressFamily == AddressFamily.InterNetwork) address = address.MapToIPv6();
        if (address.AddressFamily != family) return null;
        var bytes = address.GetAddressBytes();
        var words = Enumerable.Range(0, bytes.Length / 4).Select(i => BitConverter.ToUInt32(bytes, i * 4).ToString("X8", CultureInfo.InvariantCulture));
        return string.Concat(words) + ":" + port.ToString("X4", CultureInfo.InvariantCulture);
    }
}
