using Coordinator.Application.Projections;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Server.Node;

/// <summary>The fleet as it is, as an instance that can be planned: from the projections, never from hosts (docs/operate/evacuations.md).</summary>
internal sealed class FleetInstance(FleetProjection fleet, HostLinks links, LiveSamples samples, CoordinatorOptions options)
{
    /// <summary>Bytes a second that a guest is taken to dirty whose rate nobody has seen yet.</summary>
    public static readonly ByteRate DirtyRateGuess = ByteRate.FromMebi(10);

    /// <param name="empty">Known hosts.</param>
    /// <param name="policy">Of the guests that are moved; it goes into every forecast.</param>
    public PlanInstance Of(IReadOnlyList<HostId> empty, MigrationPolicy? policy)
    {
        var hosts = fleet.Hosts().Where(row => row.State is { Id: not null, Facts: not null }).Select(row => row.State).ToList();
        var known = hosts.Select(host => host.Id!.Value).ToHashSet();
        var leaves = empty.ToHashSet();
        // One that is off holds its claim where it stands: it counts there, and is not moved.
        var guests = fleet.Vms().Select(row => row.State).Where(vm => known.Contains(vm.Host) && (Runs(vm) || !leaves.Contains(vm.Host)));
        return new PlanInstance([.. hosts.Select(Host)], [.. guests.Select(vm => Guest(vm, known, policy))], [.. empty.Select(host => host.Value)]);
    }

    /// <summary>Only what a plan has to do with: an evacuation keeps it for ever.</summary>
    public static PlanInstance Relevant(PlanInstance instance, EvacuationPlan plan)
    {
        var hosts = instance.Empty.Concat(plan.Moves.SelectMany(move => new[] { move.Source, move.Destination })).ToHashSet(StringComparer.Ordinal);
        hosts.UnionWith(instance.Guests.Where(guest => hosts.Contains(guest.Host) && guest.InFlight is not null).Select(guest => guest.InFlight!.Destination));
        var guests = instance.Guests.Where(guest => hosts.Contains(guest.Host) || (guest.InFlight is { } flight && hosts.Contains(flight.Destination))).ToList();
        hosts.UnionWith(guests.Select(guest => guest.Host));
        return instance with { Hosts = [.. instance.Hosts.Where(host => hosts.Contains(host.Name))], Guests = guests };
    }

    private PlanHost Host(HostState host)
    {
        var closed = host.CordonReason is not null || host.WrittenOffReason is not null || host.RetiredReason is not null || links.Of(host.Id!.Value).Phase != "Ready";
        return new PlanHost(host.Id!.Value.Value, host.Facts!.Memory, host.Facts.Cpus, new PlanLink(options.EvacuationLink), Labels: [.. host.Facts.Drivers.Select(Label)], Cordoned: closed);
    }

    private PlanGuest Guest(Vm vm, HashSet<HostId> known, MigrationPolicy? policy) => new(
        vm.Id.Value, vm.Host.Value, vm.Spec.Memory, (double)vm.Spec.Vcpus / options.EvacuationVcpusPerCpu, vm.Spec.Load?.WorkingSet, DirtyRate(vm), policy, [Label(vm.Spec.Driver)],
        Movable: vm.Doubted is null, InFlight: Flight(vm, known));

    private PlanFlight? Flight(Vm vm, HashSet<HostId> known)
    {
        if (vm.Migration is not { } id || fleet.Migration(id) is not { } row || row.Plan.Destination == vm.Host || !known.Contains(row.Plan.Destination)) return null;
        var remaining = samples.Of(id)?.Remaining ?? (row.Rounds.Count > 0 ? row.Rounds[^1].Dirty : vm.Spec.Memory);
        return new PlanFlight(row.Plan.Destination.Value, new ByteCount(Math.Max(1, remaining.Value)));
    }

    // What was seen last; else what a synthetic guest was told to do; else a guess.
    private ByteRate DirtyRate(Vm vm)
    {
        if ((vm.Migration ?? vm.LastMigration) is { } id)
        {
            if (samples.Of(id) is { } sample) return sample.DirtyRate;
            if (fleet.Migration(id) is { Rounds: { Count: > 0 } rounds }) return rounds[^1].DirtyRate;
        }

        return vm.Spec.Load?.DirtyRate ?? DirtyRateGuess;
    }

    private static bool Runs(Vm vm) => vm.Power is VmPower.Running or VmPower.Starting;

    private static string Label(string driver) => "driver:" + driver;
}
