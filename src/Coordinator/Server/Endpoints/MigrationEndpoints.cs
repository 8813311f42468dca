using Coordinator.Server.Api;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/v1/migrations</c>.</summary>
internal static class MigrationEndpoints
{
    private const string Tag = "Migrations";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/migrations", CreateAsync).Command<CreateMigration, MigrationResource>(false, 202).Produces<MigrationPlan>(200)
            .Says("createMigration", Tag, "Move a running VM to another host.",
                "Returns 202 with the migration itself once the request is durable; nothing can lose it afterwards. With ?dryRun=true it is only checked against what the coordinator knows, and nothing is changed (200); the hosts' own prechecks come first in every migration.", 404, 503);
        routes.MapGet("/v1/migrations", ListAsync).Produces<ListResource<MigrationResource>>()
            .Says("listMigrations", Tag, "List migrations, newest first.", "Ended migrations stay listed.");
        routes.MapGet("/v1/migrations/{id}", GetAsync).Produces<MigrationResource>().Produces(304)
            .Says("getMigration", Tag, "One migration as it is now.", "Folded from its events, with the newest live sample.", 404);
        routes.MapGet("/v1/migrations/{id}/events", EventsAsync).Produces<ListResource<EventResource>>()
            .Says("listMigrationEvents", Tag, "The history of one migration.", "Committed events in order; they never change.", 404);
        routes.MapGet("/v1/migrations/{id}/watch", WatchAsync).Produces(200, contentType: "text/event-stream")
            .Says("watchMigration", Tag, "Follow one migration (server-sent events).",
                "Items: 'event' (an event, its version is the id), 'status' (the migration as it is now), 'end'. Last-Event-ID resumes without a gap; 410 means: read again.", 404, 410);
        MapActions(routes);
    }

    private static void MapActions(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/migrations/{id}:cancel", CancelAsync).Command<ActionRequest, MigrationResource>(true, 200, 202)
            .Says("cancelMigration", Tag, "Stop a migration; the guest stays where it is.",
                "200: cancelled. 202: the switchover was already allowed; whether it was too late is a later event. 409: it has ended.", 404, 503);
        routes.MapPost("/v1/migrations/{id}:forceSwitchover", ForceAsync).Command<ActionRequest, MigrationResource>(true, 202)
            .Says("forceSwitchover", Tag, "Switch over at the next round whatever the expected blackout.", "For a migration that does not converge.", 404, 503);
        routes.MapPost("/v1/migrations/{id}:resolve", ResolveAsync).Command<ResolveMigration, MigrationResource>(false, 200, 202)
            .Says("resolveMigration", Tag, "Decide a held migration.",
                "resumeSource accepts losing what the destination did; restartFromDisk gives the memory up; wait changes nothing. The first two need a second person.", 404, 503);
    }

    private static async Task CreateAsync(HttpContext context, IControlPlane plane, bool? dryRun)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.CreateMigration);
        PolicyRules.Check(body.Value.Policy);
        var call = Call.Of(context, body.Hash);
        if (dryRun == true)
        {
            var plan = await plane.PlanMigrationAsync(body.Value, call);
            await context.Response.WriteAsJsonAsync(plan, ApiJson.Default.MigrationPlan, cancellationToken: context.RequestAborted);
            return;
        }

        var answer = await plane.CreateMigrationAsync(body.Value, call);
        await Reply.CommandAsync(context, answer, m => m.Metadata, ApiJson.Default.MigrationResource, 202, "/v1/migrations/" + answer.Resource.Metadata.Name);
    }

    private static Task ListAsync(HttpContext context, IControlPlane plane, string? vm, string? host, string? phase, bool? open, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        var page = plane.Migrations(new MigrationFilter(vm, host, phase, open == true), Cursors.Read(cursor), size);
        return Reply.PageAsync(context, page, size, m => m.Metadata.Name, ApiJson.Default.ListResourceMigrationResource);
    }

    private static Task GetAsync(HttpContext context, IControlPlane plane, string id) => Reply.ResourceAsync(
        context, plane.Migration(PathNames.Migration(id)), m => m.Metadata, ApiJson.Default.MigrationResource, ApiProblems.NotFound("migration", id));

    private static Task EventsAsync(HttpContext context, IControlPlane plane, string id, string? limit, string? cursor) =>
        EventEndpoints.PageAsync(context, plane, PathNames.Migration(id).StreamKey, ApiProblems.NotFound("migration", id), limit, cursor);

    private static Task WatchAsync(HttpContext context, MigrationWatch watch, string id) => watch.RunAsync(context, PathNames.Migration(id));

    private static async Task CancelAsync(HttpContext context, IControlPlane plane, string id)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        var answer = await plane.CancelMigrationAsync(PathNames.Migration(id), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, m => m.Metadata, ApiJson.Default.MigrationResource, 200);
    }

    private static async Task ForceAsync(HttpContext context, IControlPlane plane, string id)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        var answer = await plane.ForceSwitchoverAsync(PathNames.Migration(id), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, m => m.Metadata, ApiJson.Default.MigrationResource, 202);
    }

    private static async Task ResolveAsync(HttpContext context, IControlPlane plane, string id)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ResolveMigration);
        ResolutionRules.Check(body.Value);
        var answer = await plane.ResolveMigrationAsync(PathNames.Migration(id), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, m => m.Metadata, ApiJson.Default.MigrationResource, 200);
    }
}
