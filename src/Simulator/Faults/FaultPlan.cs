namespace Simulator;

/// <summary>Faults that are planned at the start of a run: each kind and node asks once, at a place of its own.</summary>
internal sealed class FaultPlan(SimWorld world, SimPeople people)
{
    private readonly SimOptions options = world.Options;

    public void Make()
    {
        foreach (var host in world.Hosts) Plan(host);
        foreach (var coordinator in world.Coordinators) Plan(coordinator);
        foreach (var vm in world.Vms) Plan(vm);
        PlanCuts();
        At(Fault.ShardsTaken, "c", options.ShardsTaken, TakeSome);
        At(Fault.StoreFull, "store", options.DiskFull, draw => world.Store.FullUntil = world.Time.Elapsed + draw.Ms(100, 4_000));
        At(Fault.ClockJump, "store", options.ClockJump, draw => world.Store.JumpClock(Jump(draw)));
        At(Fault.Regressed, "store", options.Regressed, Regress);
    }

    private void Plan(SimHost host)
    {
        var name = host.Id.Value;
        At(Fault.HostDestroyed, name, options.Destroyed, draw => Destroy(host, draw));
        At(Fault.HostReboot, name, options.Reboot, draw => IfOn(host, () => host.Reboot(draw.Ms(300, 6_000))));
        At(Fault.AgentStopped, name, options.Stopped, draw => host.StopAgent(draw.Ms(100, 9_000)));
        At(Fault.AgentKilled, name, options.Stopped, draw => host.KillAgent(draw.Ms(20, 6_000)));
        At(Fault.JournalDiskFull, name, options.DiskFull, draw => host.FullUntil = world.Time.Elapsed + draw.Ms(100, 4_000));
        At(Fault.Cordoned, name, options.Stopped, draw => people.Cordon(host, draw.Ms(500, 5_000)));
        Now(Fault.ClockRate, name, options.ClockRate, draw => host.ClockRate = 50 + draw.Below(151));
        Now(Fault.ClockJump, name, options.ClockJump, draw => host.ClockOffset = Jump(draw));
    }

    private void Plan(SimCoordinator coordinator)
    {
        Now(Fault.ClockRate, coordinator.Name, options.ClockRate, draw => coordinator.ClockRate = 50 + draw.Below(151));
        At(Fault.CoordinatorStopped, coordinator.Name, options.Stopped, draw =>
        {
            coordinator.Stop(draw.Ms(50, 8_000));
            if (draw.Chance(800)) world.Time.After(draw.Ms(20, 2_500), () => world.TakeFrom(coordinator));
        });
    }

    private void Plan(SimVm vm)
    {
        At(Fault.GuestKilled, vm.Id.Value, options.GuestKilled, draw =>
        {
            var copies = world.Hosts.Where(h => h.Hypervisor.Find(vm.Id) is not null).ToList();
            if (copies.Count == 0) return;
            var host = copies[draw.Below(copies.Count)];
            host.Hypervisor.Kill(host.Hypervisor.Find(vm.Id)!);
        });
        At(Fault.Stopped, vm.Id.Value, options.GuestKilled, _ => people.Stop(vm));
    }

    private void PlanCuts()
    {
        for (var a = 0; a <= world.Network.Coordinators; a++)
        {
            for (var b = a + 1; b <= world.Network.Coordinators; b++)
            {
                var (from, to) = (a, b);
                At(Fault.LinkCut, $"{a}-{b}", options.Cut, draw =>
                {
                    var until = world.Time.Elapsed + draw.Ms(50, 8_000);
                    world.Network.Cut(from, to, until);
                    world.Network.Cut(to, from, until);
                });
                At(Fault.LinkCutOneWay, $"{a}-{b}", options.Cut, draw =>
                {
                    if (draw.Chance(500)) world.Network.Cut(from, to, world.Time.Elapsed + draw.Ms(50, 8_000));
                    else world.Network.Cut(to, from, world.Time.Elapsed + draw.Ms(50, 8_000));
                });
            }
        }
    }

    private void Destroy(SimHost host, Draw draw)
    {
        if (!host.PoweredOn) return;
        host.Destroy();
        people.Destroyed(host, draw.Ms(300, 12_000));
        // Thrown away, written off, and then somebody finds it and plugs it in.
        Now(Fault.HostReturned, host.Id.Value, 400, found => world.Time.After(found.Ms(12_500, 25_000), () => people.Found(host)));
    }

    private void TakeSome(Draw draw)
    {
        var next = world.Coordinators[draw.Below(world.Coordinators.Count)];
        if (next.IsStopped) return;
        var some = new List<int>();
        for (var shard = 0; shard < options.Shards; shard++)
        {
            if (world.OwnerOf(shard) != next && draw.Chance(600)) some.Add(shard);
        }

        if (some.Count > 0) next.Take(some);
    }

    // Nobody notices that the database is an old copy until it has spoken to the hosts.
    private void Regress(Draw draw)
    {
        var ghost = new SimCoordinator(world, world.Store.OldCopy(1 + draw.Below(25)), "ghost", (ulong)draw.Below(int.MaxValue));
        ghost.Haunt();
        world.Time.After(draw.Ms(100, 3_000), ghost.Kill);
    }

    private static TimeSpan Jump(Draw draw) => TimeSpan.FromSeconds(draw.Below(3) switch { 0 => -20, 1 => 20, _ => 3_600 });

    private static void IfOn(SimHost host, Action then)
    {
        if (host.PoweredOn && !host.IsDestroyed) then();
    }

    /// <summary>Asks whether it happens, and lets it happen at some moment of the time in which faults do.</summary>
    private void At(string kind, string node, int perMille, Action<Draw> happens) => Now(kind, node, perMille, draw =>
    {
        var at = options.FaultsUntil * (300 + draw.Below(9_000)) / 10_000;
        world.Time.After(at, () => happens(draw));
    });

    private void Now(string kind, string node, int perMille, Action<Draw> happens)
    {
        if (world.Faults.Place($"{kind.Replace(' ', '-')}.{node}").Happens(kind, perMille, out var draw)) happens(draw);
    }
}
