using System.Globalization;
using System.Net;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Api;

/// <summary>
/// Who is behind a connection: the operator named in its certificate, or, on loopback, the local user that owns the other end of the
/// socket. Found once per connection.
/// </summary>
public static class Actors
{
    private static readonly object Slot = new();

    public static string Of(HttpContext context)
    {
        // A connection's owner does not change, and reading the socket table costs a file read.
        var items = context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()?.Items;
        if (items is not null && items.TryGetValue(Slot, out var known)) return (string)known!;
        var actor = Find(context.Connection);
        if (items is not null) items[Slot] = actor;
        return actor;
    }

    private static string Find(ConnectionInfo connection)
    {
        if (connection.ClientCertificate is { } certificate)
        {
            return PeerIdentity.Of(certificate)?.ToString() ?? "unnamed";
        }

        var uid = SocketOwner.Uid(connection.RemoteIpAddress, connection.RemotePort, connection.LocalIpAddress, connection.LocalPort);
        return "local:" + (uid?.ToString(CultureInfo.InvariantCulture) ?? "unknown");
    }
}
