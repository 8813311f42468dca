using Coordinator.Application.Machine;
using Coordinator.Application.Projections;
using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>Plans evacuations from the fleet as it is, and carries the API's words about them to their shards.</summary>
internal sealed class EvacuationPlane(CallCommands commands, FleetProjection fleet, FleetInstance instances, HostLinks links, EvacuationViews views) : IEvacuationPlane
{
    public async Task<Answer<EvacuationResource>> CreateAsync(CreateEvacuation body, Call call)
    {
        // A repeat is about hosts that are being emptied already: by itself.
        if (commands.Earlier(call) is { } earlier) return Answered(earlier);
        var (instance, plan) = Planned(body);
        if (!plan.Possible) throw Blocked(plan);
        var spec = new EvacuationSpec(
            body.Hosts, body.Caps ?? PlanCaps.Default, body.Canary, body.SoakSeconds, body.WaveSize, body.OnNonMigratable, body.FailureBudget, body.FailureRate, body.Retries, body.DeadlineSeconds,
            body.NotBefore, body.NotAfter, body.Policy);
        return Answered(await commands.SubmitAsync(new StartEvacuation(spec, FleetInstance.Relevant(instance, plan), plan), call, body.Reason));
    }

    public EvacuationPlan Plan(CreateEvacuation body) => Planned(body).Plan;

    public Task<Answer<EvacuationResource>> PauseAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync(id, new PauseEvacuation(id), call, body.Reason);

    public Task<Answer<EvacuationResource>> ResumeAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync(id, new ResumeEvacuation(id), call, body.Reason);

    public Task<Answer<EvacuationResource>> CancelAsync(EvacuationId id, CancelEvacuation body, Call call) => ActAsync(id, new AbortEvacuation(id, body.StopRunning), call, body.Reason);

    public Task<Answer<EvacuationResource>> RetryFailedAsync(EvacuationId id, ActionRequest body, Call call) => ActAsync(id, new RetryFailed(id), call, body.Reason);

    public EvacuationResource? Evacuation(EvacuationId id) => views.Evacuation(id);

    public EvacuationPlan? PlanOf(EvacuationId id) => fleet.Evacuation(id)?.State.Plan;

    public IReadOnlyList<EvacuationResource> Evacuations(string? host, bool openOnly, string? after, int limit) => views.Evacuations(host, openOnly, after, limit);

    private (PlanInstance Instance, EvacuationPlan Plan) Planned(CreateEvacuation body)
    {
        foreach (var host in body.Hosts) RefuseUnusable(host);
        var instance = instances.Of(body.Hosts, body.Policy) with
        {
            Caps = body.Caps ?? PlanCaps.Default, Canary = body.Canary, SoakSeconds = body.SoakSeconds, WaveSize = body.WaveSize, OnNonMigratable = body.OnNonMigratable,
        };
        if (InstanceCheck.Of(instance) is [var fault, ..]) throw new InvalidOperationException($"the fleet makes no instance: {fault.Path}: {fault.Detail}");
        var plan = EvacuationPlanner.Plan(instance);
        var arriving = Arriving(instance).ToList();
        return (instance, arriving.Count == 0 ? plan : plan with { Possible = false, Blockers = [.. plan.Blockers, .. arriving] });
    }

    // Who would come after everybody had left.
    private static IEnumerable<PlanBlocker> Arriving(PlanInstance instance) =>
        from guest in instance.Guests
        where guest.InFlight is { } flight && instance.Empty.Contains(flight.Destination)
        select new PlanBlocker("guest.arriving", guest.Name, guest.InFlight!.Destination, $"{guest.Name} is being moved to {guest.InFlight.Destination}", "wait until it is there, or cancel its migration");

    // Advice only: what counts is decided at each guest's and host's own shard.
    private void RefuseUnusable(HostId host)
    {
        var state = fleet.Host(host)?.State;
        if (state?.Facts is null) throw Refused("host.unknown", $"no agent of a host '{host}' has ever connected", "list those that have: lm hosts get");
        if (state.WrittenOffReason is { } off) throw Refused("host.writtenOff", $"{host} was written off: {off}", "start its guests elsewhere: lm vms start VM --host HOST");
        if (state.RetiredReason is { } retired) throw Refused("host.retired", $"{host} was retired: {retired}", "it has no guests");
        if (links.Of(host).Phase is var phase and not "Ready")
            throw Refused("host.silent", $"the agent of {host} is {phase}: it cannot hand its guests over", "bring it back; if the machine is off for good: lm hosts write-off");
        if (fleet.Evacuations().FirstOrDefault(row => !row.State.IsOver && row.State.Empties(host)) is { State: { } other })
            throw Refused("host.draining", $"{host} is being emptied by {other.Id}", $"watch it: lm evacuations watch {other.Id}; or end it first: lm evacuations cancel {other.Id}");
    }

    private static RefusedException Blocked(EvacuationPlan plan) => new(
        RefusalMap.Of(new Refusal("evacuation.blocked", $"{plan.Blockers.Count} guests stand in the way of empty hosts", "each problem says what can be done; see the whole plan with dryRun")) with
        {
            Problems = [.. plan.Blockers.Select(blocker => Shared.Contracts.Problem.Error(blocker.Code, blocker.Detail, blocker.Remedy))],
        });

    private async Task<Answer<EvacuationResource>> ActAsync(EvacuationId id, Command command, Call call, string? reason)
    {
        try
        {
            return Answered(await commands.SubmitAsync(command, call, reason));
        }
        catch (RefusedException e) when (e.Problem.Code == "evacuation.unknown" && fleet.Evacuation(id) is { State: var over })
        {
            // A closed one is no longer in the machine's memory: it is over, not unknown.
            throw Refused("evacuation.over", $"the evacuation is over: {over.Outcome}", "begin another one: lm evacuate");
        }
    }

    private Answer<EvacuationResource> Answered(CommandResult result) =>
        CallCommands.Answered(result, stream => EvacuationId.TryParseKey(stream, out var id) ? views.Evacuation(id) : null);

    private static RefusedException Refused(string code, string detail, string hint) => new(RefusalMap.Of(new Refusal(code, detail, hint)));
}
