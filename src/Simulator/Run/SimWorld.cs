using System.Globalization;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;
using Simulator.Conformance;

namespace Simulator;

/// <summary>
/// A whole cluster in one thread of virtual time: the production machines of coordinators and agents over simulated store, network,
/// guests and people. After every step the invariants of the hand-off are checked on what it touched.
/// </summary>
public sealed class SimWorld
{
    private readonly ulong seed;
    private readonly List<SimHost> hosts = [];
    private readonly Dictionary<HostId, SimHost> hostsById = [];
    private readonly List<SimVm> vms = [];
    private readonly Dictionary<VmId, SimVm> vmsById = [];
    private readonly Dictionary<MigrationId, SimVm> moving = [];
    private readonly List<SimCoordinator> coordinators = [];
    private readonly SimCoordinator[] owners;
    private readonly SimPeople people;
    private readonly SimEvacuations evacuations;
    private readonly Lane lane;
    private TimeSpan quietSince = TimeSpan.MaxValue;

    public SimWorld(ulong seed, SimOptions options)
    {
        this.seed = seed;
        Options = options;
        Trace = new Trace(Time, options.Trace);
        Faults = new FaultBook(seed, Time, FaultCounts, options.Keep);
        Wire = new SimWire(options.Json ?? seed % 16 == 0);
        Network = new SimNetwork(this, seed, options);
        Checks = new WorldChecks(this);
        Observer = options.Conformance ? new Conformer(this) : null;
        Store = new SimStore(this, options.Shards);
        lane = new Lane(seed, "world");
        for (var i = 0; i < options.Hosts; i++) Add(new SimHost(this, i, seed));
        for (var i = 0; i < options.Vms; i++) Add(new SimVm(new VmId($"vm-{i}"), new GuestSpec(i % 2 == 0 ? "native" : "qemu", options.GuestMemory, 1)));
        for (var i = 0; i < options.Coordinators; i++) coordinators.Add(new SimCoordinator(this, Store, $"c{i + 1}", seed));
        owners = [.. Enumerable.Repeat(coordinators[0], options.Shards)];
        people = new SimPeople(this, seed);
        evacuations = new SimEvacuations(this, seed);
    }

    public SimOptions Options { get; }

    public Timeline Time { get; } = new();

    public Trace Trace { get; }

    /// <summary>Interesting cases that were met.</summary>
    public Counts Seen { get; } = new();

    public Counts FaultCounts { get; } = new();

    public FaultBook Faults { get; }

    public SimWire Wire { get; }

    public SimNetwork Network { get; }

    public WorldChecks Checks { get; }

    public SimStore Store { get; }

    /// <summary>Compares the run with the model, if that is wanted.</summary>
    public IRunObserver? Observer { get; }

    public IReadOnlyList<SimHost> Hosts => hosts;

    public IReadOnlyList<SimVm> Vms => vms;

    public IReadOnlyList<SimCoordinator> Coordinators => coordinators;

    /// <summary>As the log has them.</summary>
    public IEnumerable<global::Coordinator.Domain.Evacuations.Evacuation> Evacuations => evacuations.Checks.All;

    /// <summary>Nothing is open and nobody waits.</summary>
    public bool IsQuiet => Checks.Open == 0 && people.Done && evacuations.Done;

    public bool IsSettled { get; private set; }

    // From the last fault on; what was quiet before that has settled at once.
    private TimeSpan SettledAfter => quietSince == TimeSpan.MaxValue ? Options.Horizon - Options.FaultsUntil : quietSince > Options.FaultsUntil ? quietSince - Options.FaultsUntil : TimeSpan.Zero;

    /// <summary>Runs the seed to its end.</summary>
    public SimResult Run()
    {
        coordinators[0].Take([.. Enumerable.Range(0, Options.Shards)]);
        foreach (var host in hosts) host.StartAgent();
        people.Plan();
        evacuations.Plan();
        new FaultPlan(this, people).Make();
        while (Time.Step(Options.FaultsUntil))
        {
        }

        Faults.IsOver = true;
        people.Settle();
        while (!IsSettled && Time.Step(Options.Horizon)) Settle();
        Checks.End();
        evacuations.Checks.End();
        if (Observer is not null) Seen.Add("step judged by the model's rules", Observer.Steps);
        return new SimResult(seed, Time.Hash, Checks.Ended, Time.Steps, Checks.Violations, SettledAfter, Seen, FaultCounts, [.. Faults.Happened], Trace.Lines);
    }

    public SimHost Host(HostId id) => hostsById[id];

    public SimVm Vm(VmId id) => vmsById[id];

    public SimVm? VmOf(MigrationId migration) => moving.GetValueOrDefault(migration);

    /// <summary>Where it runs, if it does.</summary>
    public SimHost? RunsAt(SimVm vm) => hosts.Find(h => h.Hypervisor.Find(vm.Id) is { State: GuestRunState.Running });

    /// <summary>Memory can flow between them, and answers back.</summary>
    public bool Linked(SimHost a, SimHost b) => a.PoweredOn && b.PoweredOn && Network.IsOpen(a.Number, b.Number) && Network.IsOpen(b.Number, a.Number);

    // ---- messages

    public void ToCoordinator(SimHost from, HostReported report)
    {
        var shard = report.Report is MigrationReport m ? m.Migration.Shard : Shards.Of(report.Report.Vm.Value, Options.Shards);
        var sent = report with { Report = Wire.Through(report.Report) };
        Network.Send(from.Number, Network.Coordinators, () =>
        {
            // The link's node hands it to the shard's owner; a stopped node keeps it, and decides on it when it wakes up, if it still can.
            if (from.Hub is not { Alive: true } hub) return;
            if (!hub.IsStopped) owners[shard].Post(new MessageArrived(shard, sent));
            else hub.Post(new MessageArrived(shard, sent));
        });
    }

    public void ToShard(BusMessage message)
    {
        var shard = int.Parse(message.Address.AsSpan("shard.".Length), CultureInfo.InvariantCulture);
        var sent = Wire.Through(message.Body);
        Network.Send(Network.Coordinators, Network.Coordinators, () => owners[shard].Post(
            sent is CommandAsked asked ? AskedCommands.Arrived(asked, ToShard, null) : new MessageArrived(shard, sent)));
    }

    public void ToHost(HostId id, Order order)
    {
        var host = hostsById[id];
        var sent = Wire.Through(order);
        Network.Send(Network.Coordinators, host.Number, () =>
        {
            if (host.IsLinked) host.Hear(new OrderReceived(sent));
        });
    }

    public void Ack(HostId id, long startCount, long n)
    {
        var host = hostsById[id];
        Network.Send(Network.Coordinators, host.Number, () =>
        {
            if (host.IsLinked) host.Acknowledged(startCount, n);
        });
    }

    public void ToPeer(SimHost from, HostId to, PeerMessage message)
    {
        var other = hostsById[to];
        var sent = Wire.Through(message);
        if (message is PeerRefuse asked) Vm(asked.Vm).AskedRefusal = asked.Migration;
        Network.Send(from.Number, other.Number, () =>
        {
            if (from.PoweredOn && other.PoweredOn) other.Hear(new PeerReceived(from.Id, sent));
        });
    }

    /// <param name="key">Idempotency key of the request, if it has one.</param>
    public void Submit(Command command, string actor, Action<CommandResult> reply, string? key = null)
    {
        var shard = CommandShard.Of(command, Options.Shards);
        owners[shard].Post(new CommandArrived(command, new CommandContext(actor, "api", "simulated", null, null, key, key is null ? null : "same", null), reply));
    }

    // ---- who decides

    public SimCoordinator OwnerOf(int shard) => owners[shard];

    public void Owned(int shard, SimCoordinator by) => owners[shard] = by;

    public void TookOver(SimCoordinator by)
    {
        Seen.Add("takeover");
        if (Checks.AnyBetweenGrantAndIntent) Seen.Add("takeover between grant and intent");
        Trace.Add($"{by.Name} takes over");
    }

    /// <summary>What a dead coordinator owned is taken over after a while: by its next process or by another one.</summary>
    public void Died(SimCoordinator dead) => Time.After(lane.Ms(20, 1_500), () => TakeFrom(dead));

    public void TakeFrom(SimCoordinator dead)
    {
        List<int> shards = [.. Enumerable.Range(0, Options.Shards).Where(s => owners[s] == dead && (dead.IsStopped || !dead.Owns(s)))];
        if (shards.Count == 0) return;
        var next = coordinators[lane.Below(coordinators.Count)];
        if (next.IsStopped) next = coordinators.Find(c => !c.IsStopped) ?? next;
        if (!next.Take(shards)) Died(dead);
    }

    /// <summary>A living coordinator to link to.</summary>
    public SimCoordinator? PickHub(Lane by)
    {
        var first = by.Below(coordinators.Count);
        for (var i = 0; i < coordinators.Count; i++)
        {
            if (coordinators[(first + i) % coordinators.Count] is { Alive: true, IsStopped: false } found) return found;
        }

        return null;
    }

    /// <summary>An event is durable in a store.</summary>
    public void Decided(SimStore store, StoredEvent e)
    {
        if (store != Store) return;
        if (e.Type == nameof(global::Coordinator.Domain.Vms.MigrationOpened)) opened = Vm(new VmId(e.Stream["vm-".Length..]));
        else if (e.Type == nameof(global::Coordinator.Domain.Migrations.MigrationRequested) && opened is not null) moving[MigrationId.Parse(e.Stream["migration-".Length..])] = opened;
        Checks.Decided(e);
        people.Saw(e);
        evacuations.Saw(e);
    }

    // In one transaction the VM's MigrationOpened stands directly before the migration's first event.
    private SimVm? opened;

    private void Settle()
    {
        if (!IsQuiet)
        {
            quietSince = TimeSpan.MaxValue;
            return;
        }

        if (quietSince == TimeSpan.MaxValue) quietSince = Time.Elapsed;
        // What is asked again grows up to 15 s: by then every late word has been said.
        if (Time.Elapsed - quietSince > TimeSpan.FromSeconds(40)) IsSettled = true;
    }

    private void Add(SimHost host)
    {
        hosts.Add(host);
        hostsById.Add(host.Id, host);
    }

    private void Add(SimVm vm)
    {
        vms.Add(vm);
        vmsById.Add(vm.Id, vm);
    }
}
