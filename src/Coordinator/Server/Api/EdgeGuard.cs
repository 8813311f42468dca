using System.Net;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Api;

/// <summary>
/// Who may speak to the API at all. Without certificates only loopback is served, and a browser on this machine must not be turned into
/// a stranger's hand: a foreign Host (DNS rebinding) or a foreign Origin is refused. With certificates the identity must be an operator's.
/// </summary>
public sealed class EdgeGuard(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context) =>
        Refusal(context) is { } problem ? ProblemMiddleware.WriteAsync(context, problem) : next(context);

    private static ApiProblem? Refusal(HttpContext context)
    {
        if (context.Connection.ClientCertificate is { } certificate)
        {
            return PeerIdentity.Of(certificate) is { Role: PeerRole.Operator }
                ? null
                : ApiProblems.NeedsCertificate("the certificate shown is not an operator's");
        }

        if (context.Connection.RemoteIpAddress is { } remote && !IPAddress.IsLoopback(remote))
        {
            return ApiProblems.NeedsCertificate("only loopback is served without an operator's certificate");
        }

        if (!IsLoopbackName(context.Request.Host.Host)) return ApiProblems.ForeignPage("Host " + context.Request.Host.Host);
        var origin = context.Request.Headers.Origin.ToString();
        return origin.Length == 0 || IsOwnOrigin(origin, context.Request.Host) ? null : ApiProblems.ForeignPage("Origin " + origin);
    }

    private static bool IsOwnOrigin(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && string.Equals(uri.Authority, host.Value, StringComparison.OrdinalIgnoreCase);

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
