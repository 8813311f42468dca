using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/livez</c>: the process serves. <c>/readyz</c>: store reachable, shards owned, hub up.</summary>
internal static class HealthEndpoints
{
    private const string Tag = "Health";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/livez", (Delegate)LiveAsync).Produces<HealthReport>().Says("livez", Tag, "The process serves requests.", "Restart it when this does not answer.");
        routes.MapGet("/readyz", ReadyAsync).Produces<HealthReport>().Produces<HealthReport>(503)
            .Says("readyz", Tag, "Requests make sense here.", "Every check with a sentence; 503 if one fails.");
    }

    private static Task LiveAsync(HttpContext context) =>
        context.Response.WriteAsJsonAsync(new HealthReport("ok", [new HealthCheck("process", true, "serving")]), ApiJson.Default.HealthReport);

    private static Task ReadyAsync(HttpContext context, IControlPlane plane, IHostApplicationLifetime lifetime)
    {
        var checks = plane.Readiness().ToList();
        if (lifetime.ApplicationStopping.IsCancellationRequested) checks.Add(new HealthCheck("process", false, "stopping"));
        var ok = checks.TrueForAll(check => check.Ok);
        context.Response.StatusCode = ok ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        return context.Response.WriteAsJsonAsync(new HealthReport(ok ? "ok" : "failing", checks), ApiJson.Default.HealthReport);
    }
}
