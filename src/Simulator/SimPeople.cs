using Coordinator.Application.Machine;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Simulator;

/// <summary>Operators: make VMs known, ask for migrations, cancel and force at bad moments, write hosts off, resolve what is held.</summary>
public sealed class SimPeople(SimWorld world, SimOptions options, Lane lane)
{
    private readonly HashSet<HostId> toWriteOff = [];
    private int pending;

    /// <summary>Nobody wants anything any more.</summary>
    public bool Done => pending == 0;

    public void Plan()
    {
        var hosts = world.Hosts.ToList();
        var number = 0;
        foreach (var vm in world.Vms)
        {
            var host = hosts[number++ % hosts.Count].Id;
            var spec = new GuestSpec("sim", ByteCount.FromMebi(64), 1);
            Insist(() => new RegisterVm(vm, spec, host, Adopt: false), result => result.Refusal?.Code is null or "vm.exists");
        }

        for (var i = 0; i < options.Migrations; i++) world.Time.After(lane.Ms(2_000, (int)options.FaultsUntil.TotalMilliseconds - 2_000), Migrate);
    }

    /// <summary>The host is off for good; somebody says so a little later.</summary>
    public void Destroy(SimHost host)
    {
        host.PowerOff(null);
        toWriteOff.Add(host.Id);
        world.Time.After(lane.Ms(500, 20_000), () => WriteOff(host.Id));
    }

    /// <summary>After the last fault: hosts that are off are written off, held migrations are resolved.</summary>
    public void Settle()
    {
        foreach (var host in toWriteOff.ToList()) WriteOff(host);
        ResolveHeld();
    }

    private void WriteOff(HostId host)
    {
        if (!toWriteOff.Remove(host)) return;
        Insist(() => new WriteOffHost(host), result => result.Refusal?.Code is null or "host.unknown");
    }

    private void Migrate()
    {
        var vms = world.Vms.ToList();
        var hosts = world.Hosts.ToList();
        var command = new CreateMigration(vms[lane.Below(vms.Count)], hosts[lane.Below(hosts.Count)].Id, MigrationPolicy.Default with { DeadlineSeconds = 30 });
        var cancels = lane.Chance(150);
        var forces = lane.Chance(50);
        var after = lane.Ms(0, 2_500);
        world.Submit(command, "operator/alice", result =>
        {
            if (result.Refusal is not null)
            {
                world.Counts.Add("refused " + result.Refusal.Code);
                return;
            }

            var id = MigrationId.Parse(result.Stream["migration-".Length..]);
            if (cancels) world.Time.After(after, () => world.Submit(new CancelMigration(id), "operator/alice", _ => world.Counts.Add("cancel asked")));
            else if (forces) world.Time.After(after, () => world.Submit(new ForceMigration(id), "operator/alice", _ => { }));
        });
    }

    private void ResolveHeld()
    {
        foreach (var stream in world.Store.All.Where(e => e.Type == nameof(MigrationHeld)).Select(e => e.Stream).Distinct().ToList())
        {
            var id = MigrationId.Parse(stream["migration-".Length..]);
            var choice = lane.Chance(500) ? "resumeSource" : "restartFromDisk";
            Insist(() => new ResolveMigration(id, choice, "operator/bob"), result => result.Refusal?.Code is null or "resolve.done" or "migration.unknown" or "migration.over" or "migration.notHeld");
        }

        world.Time.After(TimeSpan.FromSeconds(10), ResolveHeld);
    }

    // A person repeats a request until the coordinator answers it.
    private void Insist(Func<Command> command, Func<CommandResult, bool> settles)
    {
        pending++;
        var answered = false;
        Try();

        void Try()
        {
            if (answered) return;
            world.Submit(command(), "operator/alice", result =>
            {
                if (answered || !settles(result)) return;
                answered = true;
                pending--;
            });
            world.Time.After(TimeSpan.FromSeconds(2), Try);
        }
    }
}
