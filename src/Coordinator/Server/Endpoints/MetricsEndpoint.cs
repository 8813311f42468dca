using Coordinator.Server.Metrics;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/metrics</c> for Prometheus.</summary>
internal static class MetricsEndpoint
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapGet("/metrics", WriteAsync).Produces<string>(200, "text/plain")
            .Says("metrics", "Health", "Metrics in Prometheus text format 0.0.4.", "Never a label per VM or host.");

    private static Task WriteAsync(HttpContext context, PrometheusExporter exporter)
    {
        context.Response.ContentType = PrometheusExporter.ContentType;
        return context.Response.WriteAsync(exporter.Render(), context.RequestAborted);
    }
}
