using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/v1/hosts</c>. Hosts appear by themselves when their agent first says hello, unless enrolment is required.</summary>
internal static class HostEndpoints
{
    private const string Tag = "Hosts";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/v1/hosts", ListAsync).Produces<ListResource<HostResource>>().Says("listHosts", Tag, "List hosts by name.", "A host appears when its agent first connects.");
        routes.MapGet("/v1/hosts/{name}", GetAsync).Produces<HostResource>().Produces(304)
            .Says("getHost", Tag, "One host as it is now.", "Capacity, claims, guests, and whether the machine may be switched off.", 404);
        routes.MapGet("/v1/hosts/{name}/events", EventsAsync).Produces<ListResource<EventResource>>()
            .Says("listHostEvents", Tag, "The history of one host.", "Committed events in order.", 404);
        routes.MapPost("/v1/hosts/{name}:cordon", CordonAsync).Command<ActionRequest, HostResource>(true, 200)
            .Says("cordonHost", Tag, "Take no new guests.", "Nothing moves. Repeating it changes nothing.", 404, 503);
        routes.MapPost("/v1/hosts/{name}:uncordon", UncordonAsync).Command<ActionRequest, HostResource>(true, 200)
            .Says("uncordonHost", Tag, "Take new guests again.", "Repeating it changes nothing.", 404, 503);
        routes.MapPost("/v1/hosts", EnrolAsync).Command<EnrolHost, HostResource>(false, 200)
            .Says("enrolHost", Tag, "Make a host known before its agent connects.", "Needed where Coordinator:Hub:Enrolment is required. Repeating it changes nothing.", 503);
        routes.MapPost("/v1/hosts/{name}:retire", RetireAsync).Command<ActionRequest, HostResource>(true, 200)
            .Says("retireHost", Tag, "Let a host leave.", "Refused while it is not cordoned, holds a guest or takes part in a migration. Its agent is let in no more; its name is never used again.", 404, 503);
        routes.MapPost("/v1/hosts/{name}:writeOff", WriteOffAsync).Command<WriteOffHost, HostResource>(false, 200)
            .Says("writeOffHost", Tag, "Declare a host gone for good.",
                "Only with a person's word that the machine is off. Its name is never used again; what it owed is settled without it.", 404, 503);
    }

    private static Task ListAsync(HttpContext context, IControlPlane plane, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        return Reply.PageAsync(context, plane.Hosts(Cursors.Read(cursor), size), size, h => h.Metadata.Name, ApiJson.Default.ListResourceHostResource);
    }

    private static Task GetAsync(HttpContext context, IControlPlane plane, string name) =>
        Reply.ResourceAsync(context, plane.Host(PathNames.Host(name)), h => h.Metadata, ApiJson.Default.HostResource, ApiProblems.NotFound("host", name));

    private static Task EventsAsync(HttpContext context, IControlPlane plane, string name, string? limit, string? cursor) =>
        EventEndpoints.PageAsync(context, plane, PathNames.Host(name).StreamKey, ApiProblems.NotFound("host", name), limit, cursor);

    private static Task CordonAsync(HttpContext context, IControlPlane plane, string name) => ActAsync(context, name, plane.CordonAsync);

    private static Task UncordonAsync(HttpContext context, IControlPlane plane, string name) => ActAsync(context, name, plane.UncordonAsync);

    private static async Task ActAsync(HttpContext context, string name, Func<HostId, ActionRequest, Call, Task<Answer<HostResource>>> act)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        var answer = await act(PathNames.Host(name), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, h => h.Metadata, ApiJson.Default.HostResource, 200);
    }

    private static Task RetireAsync(HttpContext context, IControlPlane plane, string name) => ActAsync(context, name, plane.RetireAsync);

    private static async Task EnrolAsync(HttpContext context, IControlPlane plane)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.EnrolHost);
        var answer = await plane.EnrolAsync(body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, h => h.Metadata, ApiJson.Default.HostResource, 200);
    }

    private static async Task WriteOffAsync(HttpContext context, IControlPlane plane, string name)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.WriteOffHost);
        ResolutionRules.Check(body.Value);
        var answer = await plane.WriteOffAsync(PathNames.Host(name), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, h => h.Metadata, ApiJson.Default.HostResource, 200);
    }
}
