using Coordinator.Application.Cluster;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Projections;
using Coordinator.Domain;
using Coordinator.Server.Api;
using Coordinator.Server.Configuration;
using Coordinator.Server.Hub;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;
using Requests = Coordinator.Shared.Contracts.Api;

namespace Coordinator.Server.Node;

/// <summary>The API's words as commands of the node, and the node's answers as resources.</summary>
internal sealed class NodeControlPlane(
    CoordinatorNode node, CallCommands commands, FleetProjection fleet, FleetViews views, MigrationPlanner planner, StoreRegression regression, Restores restores, AgentHub hub,
    CoordinatorOptions options, IEnumerable<IClusterCheck> more, PlacementLoop? placement = null) : IControlPlane
{
    public async Task<Answer<MigrationResource>> CreateMigrationAsync(Requests.CreateMigration body, Call call)
    {
        // Advice only, so that a typing error is answered at once; the claim at the host's own shard is what counts.
        planner.RefuseUnknownOrClosed(body.Destination);
        var result = await SubmitAsync(new Application.Machine.CreateMigration(body.Vm, body.Destination, body.Policy ?? MigrationPolicy.Default), call, body.Reason);
        return CallCommands.Answered(result, stream => Migration(MigrationId.Parse(stream["migration-".Length..])));
    }

    public Task<MigrationPlan> PlanMigrationAsync(Requests.CreateMigration body, Call call) => Task.FromResult(planner.Plan(body));

    public async Task<Answer<MigrationResource>> CancelMigrationAsync(MigrationId id, ActionRequest body, Call call)
    {
        var answer = await MigrationCommandAsync(id, new CancelMigration(id), call, body.Reason);
        return answer with { Pending = answer.Resource.Status.Outcome is null };
    }

    public async Task<Answer<MigrationResource>> ForceSwitchoverAsync(MigrationId id, ActionRequest body, Call call) =>
        await MigrationCommandAsync(id, new ForceMigration(id), call, body.Reason) with { Pending = true };

    public Task<Answer<MigrationResource>> ResolveMigrationAsync(MigrationId id, Requests.ResolveMigration body, Call call) =>
        MigrationCommandAsync(id, new Application.Machine.ResolveMigration(id, body.Choice, body.SecondPerson ?? ""), call, body.Reason);

    public Task<Answer<VmResource>> RegisterVmAsync(Requests.RegisterVm body, Call call) => PlaceAsync(body.Name, body.Spec, body.Host, false, body.Reason, call);

    public Task<Answer<VmResource>> AdoptVmAsync(AdoptVmRequest body, Call call) => PlaceAsync(body.Name, body.Spec, body.Host, true, body.Reason, call);

    public Task<Answer<VmResource>> StartVmAsync(VmId id, StartVmRequest body, Call call) => VmCommandAsync(id, new StartVmCommand(id, body.Host), call, body.Reason);

    public Task<Answer<VmResource>> StopVmAsync(VmId id, ActionRequest body, Call call) => VmCommandAsync(id, new StopVmCommand(id), call, body.Reason);

    public Task<Answer<HostResource>> CordonAsync(HostId id, ActionRequest body, Call call) => HostCommandAsync(id, new CordonHost(id), call, body.Reason);

    public Task<Answer<HostResource>> UncordonAsync(HostId id, ActionRequest body, Call call) => HostCommandAsync(id, new UncordonHost(id), call, body.Reason);

    public Task<Answer<HostResource>> EnrolAsync(Requests.EnrolHost body, Call call) =>
        HostCommandAsync(body.Name, new Application.Machine.EnrolHost(body.Name), call, body.Reason);

    public Task<Answer<HostResource>> RetireAsync(HostId id, ActionRequest body, Call call)
    {
        // Guests that came after a backup was made are known to the host alone, and one that was placed a moment ago to its own shard.
        if (restores.Waiting.Contains(id)) throw InUse(id, "the store was restored from a backup, and the host has not told yet what it holds", "wait until its agent has connected; if it is gone: lm hosts write-off");
        if (fleet.Vms().FirstOrDefault(vm => vm.State.Host == id) is { } guest) throw InUse(id, $"{guest.State.Id} is placed on {id}", "move it; start it elsewhere if it is stopped or lost");
        if (fleet.Migrations().FirstOrDefault(m => m.ClosedAt is null && (m.Plan.Source == id || m.Plan.Destination == id)) is { } open)
            throw InUse(id, $"{open.Plan.Id} of {open.Plan.Vm} is not closed yet", "wait for it");
        return HostCommandAsync(id, new RetireHost(id), call, body.Reason);

        static RefusedException InUse(HostId id, string detail, string hint) => new(RefusalMap.Of(new Refusal("host.inUse", detail, hint)));
    }

    public Task<Answer<HostResource>> WriteOffAsync(HostId id, Requests.WriteOffHost body, Call call)
    {
        // A wrong name, or a host that came back since somebody looked: its guests would be started a second time elsewhere.
        if (views.IsConnected(id))
        {
            throw new RefusedException(RefusalMap.Of(new Refusal(
                "host.connected", $"the agent of {id} is connected and answers: this host is not off", "check the name; a host that must go all the same is switched off first")));
        }

        return HostCommandAsync(id, new Application.Machine.WriteOffHost(id), call, body.Reason);
    }

    public MigrationResource? Migration(MigrationId id) => views.Migration(id);

    public HostResource? Host(HostId id) => views.Host(id);

    public VmResource? Vm(VmId id) => views.Vm(id);

    public IReadOnlyList<MigrationResource> Migrations(MigrationFilter filter, string? after, int limit) => views.Migrations(filter, after, limit);

    public IReadOnlyList<HostResource> Hosts(string? after, int limit) => views.Hosts(after, limit);

    public IReadOnlyList<VmResource> Vms(string? host, string? after, int limit) => views.Vms(host, after, limit);

    public IReadOnlyList<EventResource>? Events(string streamKey, int after, int limit) => views.Events(streamKey, after, limit);

    public IReadOnlyList<HealthCheck> Readiness()
    {
        var failed = node.Failed.IsCompletedSuccessfully ? node.Failed.Result.Message : null;
        return
        [
            new HealthCheck("store", (failed ?? regression.Found ?? node.StoreTrouble) is null, failed ?? regression.Found ?? node.StoreTrouble ?? "open"),
            failed is null ? Shards() : new HealthCheck("shards", false, "none is decided for"),
            new HealthCheck("hub", true, $"{hub.Count} agents connected"),
            .. Restored(),
            .. more.Select(check => check.Look()).Select(check => new HealthCheck(check.Name, check.Ok, check.Detail)),
        ];
    }

    // Red until everybody who knows what was decided after the backup has said it (design: rule 13).
    private IEnumerable<HealthCheck> Restored() => restores.Waiting is not { Count: > 0 } waiting ? [] :
        [new HealthCheck("restore", false, $"restored from a backup; {waiting.Count} hosts have not told yet what was decided since: {string.Join(", ", waiting.Take(5))}{(waiting.Count > 5 ? ", …" : "")}")];

    private HealthCheck Shards()
    {
        var owned = $"{node.OwnedShards.Count} of {options.Shards} owned";
        if (placement is null) return new HealthCheck("shards", true, owned);
        if (placement.View is not { } view || placement.Trouble is not null) return new HealthCheck("shards", false, $"{owned}; the other nodes cannot be seen: {placement.Trouble ?? "not yet"}");
        var free = view.Owners.Count(owner => !view.Live.Contains(owner));
        return new HealthCheck("shards", free == 0, $"{owned} here, nodes: {string.Join(", ", view.Live)}{(free == 0 ? "" : $"; {free} shards wait for an owner")}");
    }

    private async Task<Answer<MigrationResource>> MigrationCommandAsync(MigrationId id, Command command, Call call, string? reason)
    {
        try
        {
            return CallCommands.Answered(await SubmitAsync(command, call, reason), _ => Migration(id));
        }
        catch (RefusedException e) when (e.Problem.Code == "migration.unknown" && fleet.Migration(id) is { ClosedAt: not null } over)
        {
            // A closed migration is no longer in the machine's memory: it is over, not unknown. Asked only now, for a key that was answered before
            // is answered the same for ever.
            throw new RefusedException(RefusalMap.Of(new Refusal("migration.over", $"the migration has already ended: {over.Outcome}", "look at its history: lm explain " + id)));
        }
    }

    private async Task<Answer<VmResource>> PlaceAsync(VmId id, GuestSpec spec, HostId host, bool adopt, string? reason, Call call)
    {
        planner.RefuseUnknownOrClosed(host);
        RefuseWhileInDoubt(id);
        return await VmCommandAsync(id, new Application.Machine.RegisterVm(id, spec, host, adopt), call, reason);
    }

    // A name that this store does not know may be that of a guest which was registered after the backup was made.
    private void RefuseWhileInDoubt(VmId id)
    {
        if (restores.Waiting.Count == 0) return;
        throw new RefusedException(RefusalMap.Of(new Refusal(
            "vm.inDoubt", $"the store was restored from a backup, and whether {id} runs somewhere is not known yet", "wait until every host has connected; write off those that are gone: lm hosts get")));
    }

    private async Task<Answer<VmResource>> VmCommandAsync(VmId id, Command command, Call call, string? reason) =>
        CallCommands.Answered(await SubmitAsync(command, call, reason), _ => Vm(id));

    private async Task<Answer<HostResource>> HostCommandAsync(HostId id, Command command, Call call, string? reason) =>
        CallCommands.Answered(await SubmitAsync(command, call, reason), _ => Host(id));

    private Task<CommandResult> SubmitAsync(Command command, Call call, string? reason) => commands.SubmitAsync(command, call, reason);
}
