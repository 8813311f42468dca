using Microsoft.AspNetCore.Routing;

namespace Coordinator.Server.Metrics;

/// <summary>Times requests. Streams are left out: their length is the reader's choice.</summary>
public sealed class RequestMetrics(RequestDelegate next, EdgeMetrics metrics, TimeProvider clock)
{
    public async Task InvokeAsync(HttpContext context)
    {
        var begun = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Response.ContentType != "text/event-stream")
            {
                var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "none";
                metrics.Request(route, context.Request.Method, context.Response.StatusCode, clock.GetElapsedTime(begun));
            }
        }
    }
}
