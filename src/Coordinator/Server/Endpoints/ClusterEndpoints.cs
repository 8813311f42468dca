using System.Globalization;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/v1/cluster</c>: the coordinators themselves. Any of them answers for all.</summary>
internal static class ClusterEndpoints
{
    private const string Tag = "Cluster";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/cluster", GetAsync).Produces<ClusterResource>()
            .Says("getCluster", Tag, "All coordinators and their store, with checks.", "What commonly goes wrong is looked at now; each check says what to do.");
        routes.MapGet("/v1/cluster/nodes", NodesAsync).Produces<ListResource<NodeResource>>()
            .Says("listNodes", Tag, "List coordinators by name.", "Those that live, and those that died within a day.", 503);
        routes.MapGet("/v1/cluster/shards", ShardsAsync).Produces<ListResource<ShardResource>>()
            .Says("listShards", Tag, "List shards and who decides for them.", "Owner, term and position as the store shows them.", 503);
        routes.MapPost("/v1/cluster/nodes/{name}:drain", DrainAsync).Command<ActionRequest, NodeResource>(true, 200)
            .Says("drainNode", Tag, "Decide for no shard any more.",
                "The coordinator gives its shards up a few at a time, goes on answering requests and takes none until it is undrained, also after a restart. Not for the last one.", 404, 503);
        routes.MapPost("/v1/cluster/nodes/{name}:undrain", UndrainAsync).Command<ActionRequest, NodeResource>(true, 200)
            .Says("undrainNode", Tag, "Take shards again.", "Repeating it changes nothing.", 404, 503);
    }

    private static Task GetAsync(HttpContext context, IClusterPlane plane) =>
        context.Response.WriteAsJsonAsync(plane.Cluster(), ApiJson.Default.ClusterResource, cancellationToken: context.RequestAborted);

    private static Task NodesAsync(HttpContext context, IClusterPlane plane, string? limit, string? cursor)
    {
        var (size, after) = (Cursors.Limit(limit), Cursors.Read(cursor));
        var page = plane.Nodes().Where(n => after is null || string.CompareOrdinal(n.Metadata.Name, after) > 0).Take(size).ToList();
        return Reply.PageAsync(context, page, size, n => n.Metadata.Name, ApiJson.Default.ListResourceNodeResource);
    }

    private static Task ShardsAsync(HttpContext context, IClusterPlane plane, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        var after = -1;
        if (Cursors.Read(cursor) is { } last && !int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out after))
            throw new RefusedException(ApiProblems.BadField("cursor", "is not one of this list; begin without one"));
        return Reply.PageAsync(context, plane.Shards(after, size), size, s => s.Shard.ToString(CultureInfo.InvariantCulture), ApiJson.Default.ListResourceShardResource);
    }

    private static Task DrainAsync(HttpContext context, IClusterPlane plane, string name) => WishAsync(context, plane, name, true);

    private static Task UndrainAsync(HttpContext context, IClusterPlane plane, string name) => WishAsync(context, plane, name, false);

    private static async Task WishAsync(HttpContext context, IClusterPlane plane, string name, bool drained)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        var node = plane.Wish(PathNames.Node(name), drained, body.Value.Reason, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, new Answer<NodeResource>(node), n => n.Metadata, ApiJson.Default.NodeResource, 200);
    }
}
