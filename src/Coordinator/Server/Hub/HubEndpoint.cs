using Coordinator.Server.Api;
using Coordinator.Server.Hosting;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Hub;

/// <summary><c>/hub</c> on the agents' listener: TLS has already shown a certificate of our authority; here it must be a host's.</summary>
internal sealed class HubEndpoint(AgentHub hub, IHostApplicationLifetime lifetime, TimeProvider clock, ILogger<HubEndpoint> log)
{
    public const string Path = "/hub";

    public async Task InvokeAsync(HttpContext context)
    {
        if (context.Request.Path != Path || !context.WebSockets.IsWebSocketRequest)
        {
            await ProblemMiddleware.WriteAsync(context, ApiProblems.NoRoute(context.Request.Path.Value ?? "/"));
            return;
        }

        var certificate = context.Connection.ClientCertificate;
        if (certificate is null || PeerIdentity.Of(certificate)?.Host is not { } host)
        {
            await ProblemMiddleware.WriteAsync(context, new ApiProblem(403, "notAHost", "Forbidden", "the certificate is not a host's", "use one made by `lm certs issue host NAME`"));
            return;
        }

        if (!hub.TryAdmitHandshake())
        {
            await ProblemMiddleware.WriteAsync(context, new ApiProblem(429, "hub.busy", "Too many requests", "too many agents connect at once", "try again with jitter") { RetryAfter = TimeSpan.FromSeconds(1) });
            return;
        }

        if (Certificates.Soon(certificate, clock.GetUtcNow()) is { } until) log.LogWarning("the certificate of host {Host} ends at {Until:u}: lm certs renew", host, until);
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await hub.ServeAsync(socket, host, lifetime.ApplicationStopping);
    }
}
