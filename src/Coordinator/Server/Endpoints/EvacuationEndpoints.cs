using Coordinator.Server.Api;
using Coordinator.Server.Streaming;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/v1/evacuations</c>.</summary>
internal static class EvacuationEndpoints
{
    private const string Tag = "Evacuations";

    // Hosts and migrations change what it shows without a word of its own.
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);

    // Until both hosts of the last guest have given its place back.
    private static readonly TimeSpan ShowsHostsFor = TimeSpan.FromSeconds(10);

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/evacuations", CreateAsync).Command<CreateEvacuation, EvacuationResource>(false, 202).Produces<EvacuationPlan>(200)
            .Says("createEvacuation", Tag, "Empty hosts.",
                "Plans from the fleet as it is, and returns 202 with the evacuation once the request is durable. Guests that stand in the way refuse it (409, each as a problem). With ?dryRun=true the same checks are made and the plan is returned, with what stands in its way; nothing is changed (200).", 404, 503);
        routes.MapGet("/v1/evacuations", ListAsync).Produces<ListResource<EvacuationResource>>()
            .Says("listEvacuations", Tag, "List evacuations, newest first.", "?host= keeps those that empty it, ?open=true those that are not over.");
        routes.MapGet("/v1/evacuations/{id}", GetAsync).Produces<EvacuationResource>()
            .Says("getEvacuation", Tag, "One evacuation as it is now.", "Waves, guests, budget, what waits and why, and whether its hosts may be switched off. Its etag is of its own history; hosts change besides.", 404);
        routes.MapGet("/v1/evacuations/{id}/plan", PlanAsync).Produces<EvacuationPlan>()
            .Says("getEvacuationPlan", Tag, "The plan that one evacuation follows.", "As it was made at the request.", 404);
        routes.MapGet("/v1/evacuations/{id}/events", EventsAsync).Produces<ListResource<EventResource>>()
            .Says("listEvacuationEvents", Tag, "The history of one evacuation.", "Committed events in order; they never change.", 404);
        routes.MapGet("/v1/evacuations/{id}/watch", WatchAsync).Produces(200, contentType: "text/event-stream")
            .Says("watchEvacuation", Tag, "Follow one evacuation (server-sent events).",
                "Items: 'event' (an event, its version is the id), 'status' (the evacuation as it is now, at least each second), 'end'. Last-Event-ID resumes without a gap; 410 means: read again.", 404, 410);
        MapActions(routes);
    }

    private static void MapActions(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/evacuations/{id}:pause", PauseAsync).Command<ActionRequest, EvacuationResource>(true, 200)
            .Says("pauseEvacuation", Tag, "Start nothing new.", "Migrations under way end. Repeating it changes nothing.", 404, 503);
        routes.MapPost("/v1/evacuations/{id}:resume", ResumeAsync).Command<ActionRequest, EvacuationResource>(true, 200)
            .Says("resumeEvacuation", Tag, "Go on.", "What has failed so far counts no more against the budget. Repeating it changes nothing.", 404, 503);
        routes.MapPost("/v1/evacuations/{id}:cancel", CancelAsync).Command<CancelEvacuation, EvacuationResource>(true, 202)
            .Says("cancelEvacuation", Tag, "End it.", "Nothing new starts; guests that have left stay where they are; cordons it had set are taken back. With stopRunning its migrations are cancelled too.", 404, 503);
        routes.MapPost("/v1/evacuations/{id}:retryFailed", RetryAsync).Command<ActionRequest, EvacuationResource>(true, 200)
            .Says("retryFailedGuests", Tag, "Try guests again that failed for good.", "With all their tries.", 404, 503);
    }

    private static async Task CreateAsync(HttpContext context, IEvacuationPlane plane, TimeProvider clock, bool? dryRun)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.CreateEvacuation);
        EvacuationRules.Check(body.Value, clock.GetUtcNow());
        if (dryRun == true)
        {
            await context.Response.WriteAsJsonAsync(plane.Plan(body.Value), ApiJson.Default.EvacuationPlan, cancellationToken: context.RequestAborted);
            return;
        }

        var answer = await plane.CreateAsync(body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, e => e.Metadata, ApiJson.Default.EvacuationResource, 202, "/v1/evacuations/" + answer.Resource.Metadata.Name);
    }

    private static Task ListAsync(HttpContext context, IEvacuationPlane plane, string? host, bool? open, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        return Reply.PageAsync(context, plane.Evacuations(host, open == true, Cursors.Read(cursor), size), size, e => e.Metadata.Name, ApiJson.Default.ListResourceEvacuationResource);
    }

    private static Task GetAsync(HttpContext context, IEvacuationPlane plane, string id)
    {
        var evacuation = plane.Evacuation(PathNames.Evacuation(id)) ?? throw new RefusedException(Missing(id));
        Etags.Write(context, evacuation.Metadata);
        return context.Response.WriteAsJsonAsync(evacuation, ApiJson.Default.EvacuationResource, cancellationToken: context.RequestAborted);
    }

    private static Task PlanAsync(HttpContext context, IEvacuationPlane plane, string id)
    {
        var plan = plane.PlanOf(PathNames.Evacuation(id)) ?? throw new RefusedException(Missing(id));
        return context.Response.WriteAsJsonAsync(plan, ApiJson.Default.EvacuationPlan, cancellationToken: context.RequestAborted);
    }

    private static Task EventsAsync(HttpContext context, IControlPlane plane, string id, string? limit, string? cursor) =>
        EventEndpoints.PageAsync(context, plane, PathNames.Evacuation(id).StreamKey, Missing(id), limit, cursor);

    private static Task WatchAsync(HttpContext context, IEvacuationPlane plane, StreamWatch watch, TimeProvider clock, string id)
    {
        var evacuation = PathNames.Evacuation(id);
        return watch.RunAsync(context, new Watched<EvacuationResource>(
            evacuation.StreamKey, () => plane.Evacuation(evacuation), e => e.Metadata, e => IsOver(e, clock.GetUtcNow()), ApiJson.Default.EvacuationResource, Missing(id), LookAgainAfter));
    }

    private static bool IsOver(EvacuationResource e, DateTimeOffset now) =>
        e.Status.ClosedAt is { } closed && (e.Status.Phase != "Completed" || e.Status.Hosts.All(host => host.SafeToPowerOff) || now - closed > ShowsHostsFor);

    private static Task PauseAsync(HttpContext context, IEvacuationPlane plane, string id) => ActAsync(context, id, plane.PauseAsync);

    private static Task ResumeAsync(HttpContext context, IEvacuationPlane plane, string id) => ActAsync(context, id, plane.ResumeAsync);

    private static Task RetryAsync(HttpContext context, IEvacuationPlane plane, string id) => ActAsync(context, id, plane.RetryFailedAsync);

    private static async Task ActAsync(HttpContext context, string id, Func<EvacuationId, ActionRequest, Call, Task<Answer<EvacuationResource>>> act)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        await Reply.CommandAsync(context, await act(PathNames.Evacuation(id), body.Value, Call.Of(context, body.Hash)), e => e.Metadata, ApiJson.Default.EvacuationResource, 200);
    }

    private static async Task CancelAsync(HttpContext context, IEvacuationPlane plane, string id)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.CancelEvacuation, new CancelEvacuation());
        await Reply.CommandAsync(context, await plane.CancelAsync(PathNames.Evacuation(id), body.Value, Call.Of(context, body.Hash)), e => e.Metadata, ApiJson.Default.EvacuationResource, 202);
    }

    private static ApiProblem Missing(string id) => ApiProblems.NotFound("evacuation", id);
}
