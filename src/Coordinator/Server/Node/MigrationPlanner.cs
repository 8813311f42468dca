using Coordinator.Application.Projections;
using Coordinator.Domain;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Server.Api;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Node;

/// <summary>
/// What can be said before anything is written: from the projections, never from hosts. Advice; cordon and capacity are final at the
/// claim, and the hosts' own prechecks run first thing in every migration.
/// </summary>
internal sealed class MigrationPlanner(FleetProjection fleet, HostLinks links)
{
    /// <exception cref="RefusedException">The host has never connected, was written off, or is cordoned.</exception>
    public void RefuseUnknownOrClosed(HostId host)
    {
        var state = fleet.Host(host)?.State;
        if (state?.JournalId is null)
        {
            throw new RefusedException(RefusalMap.Of(new Refusal("host.unknown", $"no agent of a host '{host}' has ever connected", "list those that have: lm hosts get")));
        }

        if (state.WrittenOffReason is { } off) throw Conflict("host.writtenOff", $"{host} was written off: {off}", "name another host");
        if (state.RetiredReason is { } retired) throw Conflict("host.retired", $"{host} was retired: {retired}", "name another host");
        if (state.CordonReason is { } cordon) throw Conflict("host.cordoned", $"{host} takes no new guests: {cordon}", $"name another host, or lm hosts uncordon {host}");
    }

    /// <exception cref="RefusedException">There is no such VM.</exception>
    public MigrationPlan Plan(CreateMigration body)
    {
        var vm = fleet.Vm(body.Vm)?.State ?? throw new RefusedException(RefusalMap.Of(new Refusal("vm.unknown", $"there is no VM '{body.Vm}'", "list them: lm vms get")));
        var policy = body.Policy ?? MigrationPolicy.Default;
        List<Problem> problems = [.. OfVm(vm, body.Destination), .. OfDestination(vm, body.Destination)];
        var spec = new MigrationSpec(vm.Id.Value, vm.Host.Value, body.Destination.Value, policy);
        return new MigrationPlan(spec, !problems.Exists(problem => problem.Severity == "error"), problems);
    }

    private IEnumerable<Problem> OfVm(Vm vm, HostId destination)
    {
        // The domain's own rule is asked, so that plan and decision cannot differ.
        var opening = VmDecider.Decide(vm, new OpenMigration(default, destination));
        if (opening.Refusal is { } refusal) yield return Problem.Error(refusal.Code, refusal.Detail, refusal.Hint);
        if (links.Of(vm.Host).Phase != "Ready") yield return Problem.Warning("source.silent", $"{vm.Host} is {links.Of(vm.Host).Phase}", "the migration would wait for it, and give up if it stays silent");
    }

    private IEnumerable<Problem> OfDestination(Vm vm, HostId destination)
    {
        var host = fleet.Host(destination)?.State ?? HostState.Unknown;
        if (HostDecider.WhyNot(host, new CapacityClaim(vm.Id, vm.Spec.Memory, vm.Spec.Vcpus)) is { } problem) yield return problem;
        if (host.Facts is { } facts && !facts.Drivers.Contains(vm.Spec.Driver))
        {
            yield return Problem.Error("driver.missing", $"{destination} cannot run {vm.Spec.Driver} guests, only {string.Join(", ", facts.Drivers)}", "name another destination");
        }

        if (host.JournalId is not null && links.Of(destination).Phase != "Ready")
        {
            yield return Problem.Warning("destination.silent", $"{destination} is {links.Of(destination).Phase}", "the migration would wait for it, and give up if it stays silent");
        }
    }

    private static RefusedException Conflict(string code, string detail, string hint) => new(RefusalMap.Of(new Refusal(code, detail, hint)));
}
