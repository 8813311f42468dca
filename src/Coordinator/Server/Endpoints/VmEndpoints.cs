using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Endpoints;

/// <summary><c>/v1/vms</c>.</summary>
internal static class VmEndpoints
{
    private const string Tag = "Vms";

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/v1/vms", RegisterAsync).Command<RegisterVm, VmResource>(false, 202)
            .Says("registerVm", Tag, "Give a VM its first host and start it there.", "The host must have room; the claim is final at the host's own shard.", 404, 503);
        routes.MapPost("/v1/vms:adopt", AdoptAsync).Command<AdoptVmRequest, VmResource>(false, 202)
            .Says("adoptVm", Tag, "Take over a VM that already runs on a host.", "From here on only this coordinator may say where it runs.", 404, 503);
        routes.MapGet("/v1/vms", ListAsync).Produces<ListResource<VmResource>>().Says("listVms", Tag, "List VMs by name.", "?host= keeps those placed there.");
        routes.MapGet("/v1/vms/{name}", GetAsync).Produces<VmResource>().Produces(304).Says("getVm", Tag, "One VM as it is now.", "Where it is placed, under which epoch, and its open migration.", 404);
        routes.MapGet("/v1/vms/{name}/events", EventsAsync).Produces<ListResource<EventResource>>()
            .Says("listVmEvents", Tag, "The history of one VM's placement.", "Committed events in order.", 404);
        routes.MapPost("/v1/vms/{name}:start", StartAsync).Command<StartVmRequest, VmResource>(true, 202)
            .Says("startVm", Tag, "Start a stopped or lost VM.", "On its last host, or on another one. Burns one epoch.", 404, 503);
        routes.MapPost("/v1/vms/{name}:stop", StopAsync).Command<ActionRequest, VmResource>(true, 202)
            .Says("stopVm", Tag, "Stop a VM: its memory is given up.", "Refused while a migration is open.", 404, 503);
    }

    private static async Task RegisterAsync(HttpContext context, IControlPlane plane)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.RegisterVm);
        GuestRules.Check(body.Value.Spec);
        var answer = await plane.RegisterVmAsync(body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, v => v.Metadata, ApiJson.Default.VmResource, 202, "/v1/vms/" + answer.Resource.Metadata.Name);
    }

    private static async Task AdoptAsync(HttpContext context, IControlPlane plane)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.AdoptVmRequest);
        GuestRules.Check(body.Value.Spec);
        var answer = await plane.AdoptVmAsync(body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, v => v.Metadata, ApiJson.Default.VmResource, 202, "/v1/vms/" + answer.Resource.Metadata.Name);
    }

    private static Task ListAsync(HttpContext context, IControlPlane plane, string? host, string? limit, string? cursor)
    {
        var size = Cursors.Limit(limit);
        return Reply.PageAsync(context, plane.Vms(host, Cursors.Read(cursor), size), size, v => v.Metadata.Name, ApiJson.Default.ListResourceVmResource);
    }

    private static Task GetAsync(HttpContext context, IControlPlane plane, string name) =>
        Reply.ResourceAsync(context, plane.Vm(PathNames.Vm(name)), v => v.Metadata, ApiJson.Default.VmResource, ApiProblems.NotFound("vm", name));

    private static Task EventsAsync(HttpContext context, IControlPlane plane, string name, string? limit, string? cursor) =>
        EventEndpoints.PageAsync(context, plane, PathNames.Vm(name).StreamKey, ApiProblems.NotFound("vm", name), limit, cursor);

    private static async Task StartAsync(HttpContext context, IControlPlane plane, string name)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.StartVmRequest, new StartVmRequest());
        var answer = await plane.StartVmAsync(PathNames.Vm(name), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, v => v.Metadata, ApiJson.Default.VmResource, 202);
    }

    private static async Task StopAsync(HttpContext context, IControlPlane plane, string name)
    {
        var body = await RequestBody.ReadAsync(context, ApiJson.Default.ActionRequest, new ActionRequest());
        var answer = await plane.StopVmAsync(PathNames.Vm(name), body.Value, Call.Of(context, body.Hash));
        await Reply.CommandAsync(context, answer, v => v.Metadata, ApiJson.Default.VmResource, 202);
    }
}
