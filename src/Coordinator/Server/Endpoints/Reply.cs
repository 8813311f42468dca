using System.Text.Json.Serialization.Metadata;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary>The few shapes of a good answer.</summary>
internal static class Reply
{
    /// <summary>A resource as it is, or 304 if the client has this version already.</summary>
    public static async Task ResourceAsync<T>(HttpContext context, T? resource, Func<T, Metadata> metadata, JsonTypeInfo<T> type, ApiProblem missing)
        where T : class
    {
        if (resource is null) throw new RefusedException(missing);
        Etags.Write(context, metadata(resource));
        if (Etags.IsKnown(context.Request, metadata(resource)))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        await context.Response.WriteAsJsonAsync(resource, type, cancellationToken: context.RequestAborted);
    }

    /// <summary>The answer to a command: 201 or 202 with Location when it made something, else 200, or 202 while its outcome is open.</summary>
    public static Task CommandAsync<T>(HttpContext context, Answer<T> answer, Func<T, Metadata> metadata, JsonTypeInfo<T> type, int status, string? location = null)
    {
        Etags.Write(context, metadata(answer.Resource));
        if (location is not null) context.Response.Headers.Location = location;
        if (answer.Replayed) context.Response.Headers["Idempotency-Replayed"] = "true";
        context.Response.StatusCode = answer.Pending ? StatusCodes.Status202Accepted : status;
        return context.Response.WriteAsJsonAsync(answer.Resource, type, cancellationToken: context.RequestAborted);
    }

    /// <summary>One page; a full one carries the cursor to the next.</summary>
    public static Task PageAsync<T>(HttpContext context, IReadOnlyList<T> items, int limit, Func<T, string> key, JsonTypeInfo<ListResource<T>> type)
    {
        var cursor = items.Count == limit ? Cursors.Make(key(items[^1])) : null;
        return context.Response.WriteAsJsonAsync(new ListResource<T>(items, cursor), type, cancellationToken: context.RequestAborted);
    }
}
