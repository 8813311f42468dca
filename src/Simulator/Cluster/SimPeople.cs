using System.Globalization;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>Operators: make VMs known, ask for migrations, cancel and force at bad moments, cordon, stop, start, write hosts off, resolve what is held.</summary>
public sealed class SimPeople(SimWorld world, ulong seed)
{
    private readonly Lane lane = new(seed, "people");
    private readonly FaultPlace moods = world.Faults.Place("people");
    private readonly HashSet<HostId> toWriteOff = [];
    private readonly HashSet<HostId> writtenOff = [];
    private readonly HashSet<HostId> found = [];
    private readonly HashSet<string> moving = [];
    private readonly Dictionary<string, string> answers = [];
    private int pending;
    private int keys;

    /// <summary>Nobody waits for an answer.</summary>
    public bool Done => pending == 0;

    public void Plan()
    {
        foreach (var vm in world.Vms) Insist(() => new RegisterVm(vm.Id, vm.Spec, world.Hosts[lane.Below(world.Options.PlacedOn ?? world.Hosts.Count)].Id, Adopt: false), code => code is null or "vm.exists");
        for (var i = 0; i < world.Options.Requests; i++) world.Time.After(lane.Ms(1_000, (int)world.Options.FaultsUntil.TotalMilliseconds - 1_000), Ask);
    }

    /// <summary>The host is off for good; somebody says so a little later.</summary>
    public void Destroyed(SimHost host, TimeSpan after)
    {
        toWriteOff.Add(host.Id);
        world.Time.After(after, () => WriteOff(host.Id));
    }

    /// <summary>Somebody plugs in what was thrown away; only once it was written off, for nobody goes on attesting that a living host is off.</summary>
    public void Found(SimHost host)
    {
        if (writtenOff.Contains(host.Id)) host.Return();
        else found.Add(host.Id);
    }

    /// <summary>After the last fault: hosts that are off are written off at once.</summary>
    public void Settle()
    {
        foreach (var host in world.Hosts) WriteOff(host.Id);
    }

    public void Cordon(SimHost host, TimeSpan how)
    {
        world.Submit(new CordonHost(host.Id), "operator/alice", _ => { });
        world.Time.After(how, () => Insist(() => new UncordonHost(host.Id), code => code is null or "host.unknown" or "host.writtenOff"));
    }

    public void Stop(SimVm vm) => world.Submit(new StopVmCommand(vm.Id), "operator/alice", _ => { });

    /// <summary>People watch what happens.</summary>
    public void Saw(StoredEvent e)
    {
        switch (e.Type)
        {
            case nameof(MigrationOpened):
                moving.Add(e.Stream);
                break;
            case nameof(MigrationSettled) or nameof(PlacementChanged):
                moving.Remove(e.Stream);
                break;
            case nameof(VmLost) or nameof(VmStopConfirmed) or nameof(VmStartFailed):
                var lost = new VmId(e.Stream["vm-".Length..]);
                world.Time.After(lane.Ms(200, 6_000), () => Restart(lost));
                break;
            case nameof(SwitchoverGranted):
                if (moods.Happens(world.Options.AtGrant, out var draw) is { } mood) Meddle(mood, MigrationId.Parse(e.Stream["migration-".Length..]), draw.Ms(0, 120));
                break;
            case nameof(MigrationHeld):
                var held = MigrationId.Parse(e.Stream["migration-".Length..]);
                world.Time.After(lane.Ms(200, 12_000), () => Resolve(held));
                break;
        }
    }

    private void WriteOff(HostId host)
    {
        if (!toWriteOff.Remove(host)) return;
        Insist(() => new WriteOffHost(host), code => code is null or "host.unknown", () =>
        {
            writtenOff.Add(host);
            if (found.Contains(host)) world.Host(host).Return();
        });
    }

    private void Resolve(MigrationId held)
    {
        var choice = lane.Below(5) switch { 0 => "wait", 1 or 2 => "resumeSource", _ => "restartFromDisk" };
        Insist(() => new ResolveMigration(held, choice, "operator/bob"), code => Chosen(choice, code) is null or "resolve.done" or "migration.unknown" or "migration.over" or "migration.notHeld");
        if (choice == "wait") world.Time.After(lane.Ms(500, 5_000), () => Resolve(held));
    }

    private string? Chosen(string choice, string? code)
    {
        if (code is null) world.Seen.Add("resolved: " + choice);
        return code;
    }

    private void Restart(VmId vm)
    {
        var on = world.Hosts.Where(h => h.PoweredOn && !h.IsDestroyed).ToList();
        if (on.Count > 0) world.Submit(new StartVmCommand(vm, on[lane.Below(on.Count)].Id), "operator/alice", _ => { });
    }

    private void Ask()
    {
        // Mostly something that makes sense; now and then not.
        var vm = world.Vms[lane.Below(world.Vms.Count)];
        for (var i = 0; i < 4 && moving.Contains(vm.Id.StreamKey); i++) vm = world.Vms[lane.Below(world.Vms.Count)];
        var destination = world.Hosts[lane.Below(world.Hosts.Count)];
        if (world.RunsAt(vm) == destination && !lane.Chance(50)) destination = world.Hosts[(destination.Number + 1) % world.Hosts.Count];
        var command = new CreateMigration(vm.Id, destination.Id, MigrationPolicy.Default with { DeadlineSeconds = 20 });
        var key = (++keys).ToString(CultureInfo.InvariantCulture);
        var mood = moods.Happens(world.Options.AfterRequest, out var draw);
        Send(command, key, tries: 3, mood, draw);
        if (mood == Fault.AskedTwice) world.Time.After(draw.Ms(0, 2_500), () => Send(command, key, tries: 1, null, draw));
    }

    private void Send(CreateMigration command, string key, int tries, string? mood, Draw draw)
    {
        var answered = false;
        world.Submit(command, "operator/alice", result =>
        {
            if (answered) return;
            answered = true;
            if (result.Refusal is { } refusal)
            {
                world.Seen.Add("refused " + refusal.Code);
                if (refusal.Code is "store.unavailable" or "shard.notOwned" && tries > 1) world.Time.After(lane.Ms(100, 900), () => Send(command, key, tries - 1, mood, draw));
                return;
            }

            if (!answers.TryAdd(key, result.Stream) && answers[key] != result.Stream) world.Checks.Violation($"one key, two migrations: {answers[key]} and {result.Stream}");
            if (mood is Fault.Cancelled or Fault.Forced) Meddle(mood, MigrationId.Parse(result.Stream["migration-".Length..]), draw.Ms(0, 2_000));
        }, key);
        world.Time.After(TimeSpan.FromSeconds(2), () =>
        {
            // A client without an answer asks again under the same key.
            if (answered || tries <= 1) return;
            answered = true;
            Send(command, key, tries - 1, mood, draw);
        });
    }

    private void Meddle(string mood, MigrationId id, TimeSpan after) => world.Time.After(after, () =>
        world.Submit(mood == Fault.Cancelled ? new CancelMigration(id) : new ForceMigration(id), "operator/alice", result => world.Seen.Add($"{mood}: {result.Refusal?.Code ?? "accepted"}")));

    // A person repeats a request until the coordinator answers it.
    private void Insist(Func<Command> command, Func<string?, bool> settles, Action? then = null)
    {
        pending++;
        var answered = false;
        Try();

        void Try()
        {
            if (answered) return;
            world.Submit(command(), "operator/alice", result =>
            {
                if (answered || !settles(result.Refusal?.Code)) return;
                answered = true;
                pending--;
                then?.Invoke();
            });
            world.Time.After(TimeSpan.FromSeconds(2), Try);
        }
    }
}
