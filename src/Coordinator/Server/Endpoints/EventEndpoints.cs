using System.Globalization;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary>Pages of one stream's events, the same for every kind of resource.</summary>
internal static class EventEndpoints
{
    public static Task PageAsync(HttpContext context, IControlPlane plane, string streamKey, ApiProblem missing, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        var after = 0;
        if (Cursors.Read(cursor) is { } position && !int.TryParse(position, NumberStyles.None, CultureInfo.InvariantCulture, out after))
        {
            throw new RefusedException(ApiProblems.BadField("cursor", "belongs to another list"));
        }

        var events = plane.Events(streamKey, after, size) ?? throw new RefusedException(missing);
        return Reply.PageAsync(context, events, size, e => e.Version.ToString(CultureInfo.InvariantCulture), ApiJson.Default.ListResourceEventResource);
    }
}
