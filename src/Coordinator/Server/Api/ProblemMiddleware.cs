using System.Globalization;
using System.Text.Json;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Api;

/// <summary>Gives each request an id, and each error the same shape.</summary>
public sealed partial class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers["X-Request-Id"] = RequestIds.Of(context);
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, ContentType: null } && OfRouting(context) is { } problem) await WriteAsync(context, problem);
        }
        catch (RefusedException refused) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, refused.Problem);
        }
        catch (BadHttpRequestException bad) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Of(bad));
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client went away: there is nobody to answer.
        }
        catch (StoreUnavailableException away) when (!context.Response.HasStarted)
        {
            // Commands are refused by the node itself; this is a read.
            await WriteAsync(context, new ApiProblem(503, "store.unavailable", "Service unavailable", away.Message, "try again in a second") { RetryAfter = TimeSpan.FromSeconds(1) });
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var id = RequestIds.Of(context);
            LogBug(id, context.Request.Method, context.Request.Path, e);
            await WriteAsync(context, ApiProblems.Bug(id));
        }
    }

    /// <summary>Writes a problem as the whole answer.</summary>
    public static async Task WriteAsync(HttpContext context, ApiProblem problem)
    {
        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = "application/problem+json";
        if (problem.RetryAfter is { } wait)
        {
            context.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        var body = problem.ToBody(context.Request.Path.Value ?? "/", RequestIds.Of(context));
        await JsonSerializer.SerializeAsync(context.Response.Body, body, ApiJson.Default.ProblemBody, context.RequestAborted);
    }

    // Routing answers these by a bare status.
    private static ApiProblem? OfRouting(HttpContext context) => context.Response.StatusCode switch
    {
        404 => ApiProblems.NoRoute(context.Request.Path.Value ?? "/"),
        405 => ApiProblems.WrongMethod(context.Request.Method, context.Request.Path.Value ?? "/"),
        415 => ApiProblems.NotJson(context.Request.ContentType),
        _ => null,
    };

    // Thrown by the server itself (broken chunk, too large) and by parameter binding.
    private static ApiProblem Of(BadHttpRequestException bad) => bad.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? ApiProblems.BodyTooLarge(RequestBody.LengthMax)
        : new ApiProblem(bad.StatusCode, "badRequest", "Bad request", bad.Message, "correct the request");

    [LoggerMessage(1001, LogLevel.Error, "request {RequestId} failed: {Method} {Path}")]
    private partial void LogBug(string requestId, string method, string path, Exception exception);
}
