using Coordinator.Domain.Hosts;
using Coordinator.Domain.Permits;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>The whole world once everything has settled: guests where the log says, no residue, nothing claimed that is not used.</summary>
internal static class EndChecks
{
    public static void Run(SimWorld world)
    {
        Dictionary<string, Vm> vms = [];
        List<(HostId Id, HostState State)> hosts = [];
        foreach (var coordinator in world.Coordinators)
        {
            if (coordinator.Machine is not { } machine) continue;
            foreach (var entry in machine.OpenStreams.Where(e => world.OwnerOf(e.Shard) == coordinator))
            {
                if (entry.State is Vm vm) vms[vm.Id.Value] = vm;
                else if (entry.State is HostState host) hosts.Add((new HostId(entry.Key["host-".Length..]), host));
                else if (entry.State is PermitsState { Granted.Count: > 0 } or PermitsState { Waiting.Count: > 0 }) world.Checks.Violation("permits are given or waited for although nothing moves");
            }
        }

        foreach (var host in world.Hosts) Guests(world, host, vms);
        foreach (var vm in vms.Values) Placed(world, vm);
        foreach (var (id, host) in hosts) Claims(world, id, host, vms);
    }

    private static void Guests(SimWorld world, SimHost host, Dictionary<string, Vm> vms)
    {
        if (host.IsDestroyed) return;
        foreach (var guest in host.Hypervisor.Guests)
        {
            if (guest.State != GuestRunState.Running) world.Checks.Violation($"residue: {guest.Vm.Id} is {guest.State} on {host}");
            else if (!vms.TryGetValue(guest.Vm.Id.Value, out var vm) || vm.Host != host.Id || vm.Power != VmPower.Running) world.Checks.Violation($"{guest.Vm.Id} runs on {host}, where it is not placed");
        }
    }

    private static void Placed(SimWorld world, Vm vm)
    {
        var host = world.Host(vm.Host);
        if (vm.Migration is { } open) world.Checks.Violation($"{vm.Id} still follows {open}");
        if (vm.Power == VmPower.Running && !host.IsDestroyed && host.Hypervisor.Find(vm.Id) is not { State: GuestRunState.Running })
            world.Checks.Violation($"{vm.Id} does not run on {vm.Host}, where it is placed");
    }

    // A host's ledger counts the VMs placed there, each once.
    private static void Claims(SimWorld world, HostId id, HostState host, Dictionary<string, Vm> vms)
    {
        foreach (var (claim, what) in host.Claims)
        {
            if (!vms.TryGetValue(what.Vm.Value, out var vm) || vm.Host != id || vm.Claim != claim) world.Checks.Violation($"{id} counts {claim} of {what.Vm}, which is not there");
        }

        foreach (var vm in vms.Values.Where(v => v.Host == id && v.ClaimCounted && !host.Claims.ContainsKey(v.Claim)))
            world.Checks.Violation($"{id} does not count {vm.Id}, which is there");
    }
}
