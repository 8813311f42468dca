using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Bench;

/// <summary>A coordinator's place: what it writes to and what it speaks by.</summary>
public sealed record Seat(IEventStore Store, IBus Bus);

/// <summary>The production coordinator, one or several, with simulated hosts, ready to run migrations without end.</summary>
public sealed class ControlRig : IDisposable
{
    private static readonly CommandContext Caller = new("bench", "api", null, null, null, null, null, null);

    private readonly IReadOnlyList<Seat> seats;
    private readonly SimulatedHosts hosts;
    private readonly List<HostId> names;
    private readonly List<Counter> counters = [];
    private readonly Action cleanUp;
    private readonly int shards;
    private long appending;

    /// <param name="seats">One for each coordinator; several share the shards in turn, and every host has its link at one of them.</param>
    /// <param name="batchMax">Inputs decided in one commit; 1 means one decision a commit.</param>
    /// <param name="stopAt">An order that is never answered: migrations stay in flight there.</param>
    /// <param name="cleanUp">Run at the end, after seats are disposed.</param>
    public ControlRig(IReadOnlyList<Seat> seats, int vms, int batchMax, Type? stopAt, Action cleanUp)
    {
        (this.seats, this.cleanUp, shards) = (seats, cleanUp, seats[0].Store.ShardCount);
        Nodes = [.. seats.Select((seat, i) => NewNode(seat, $"node-{i + 1}", batchMax))];
        names = [.. Enumerable.Range(0, 40).Select(i => new HostId($"host-{i}"))];
        hosts = new SimulatedHosts([.. seats.Select((seat, i) => new HostsAt(seat.Bus, SayAt(i)))], names, shards, stopAt);
        for (var i = 0; i < Nodes.Count; i++)
        {
            Nodes[i].Start();
            if (seats.Count > 1 && !Nodes[i].TakeAsync([.. Enumerable.Range(0, shards).Where(shard => shard % seats.Count == i)]).Result) throw new InvalidOperationException("the store cannot be used");
        }

        Vms = [.. Enumerable.Range(0, vms).Select(i => new VmId($"vm-{i}"))];
        Prepare();
    }

    public IReadOnlyList<CoordinatorNode> Nodes { get; }

    public IReadOnlyList<VmId> Vms { get; }

    public IEventStore Store => seats[0].Store;

    public SimulatedHosts Hosts => hosts;

    public long Events => counters.Sum(c => Interlocked.Read(ref c.Events));

    public long Finished => counters.Sum(c => Interlocked.Read(ref c.Finished));

    /// <summary>Time spent in the stores' appends so far, all nodes together.</summary>
    public TimeSpan Appending => TimeSpan.FromTicks(Interlocked.Read(ref appending));

    public long Batches => Nodes.Sum(node => node.Statistics.Batches);

    public static ControlRig OnSqlite(string directory, int vms, int batchMax, Type? stopAt = null) => OnSqlite(directory, vms, batchMax, stopAt, out _);

    public static ControlRig OnSqlite(string directory, int vms, int batchMax, Type? stopAt, out string path)
    {
        var database = path = Path.Combine(directory, $"control-{Guid.NewGuid():n}.db");
        var seat = new Seat(new SqliteStore(new SqliteStoreOptions { Path = database }), new InProcessBus(1_000_000));
        return new ControlRig([seat], vms, batchMax, stopAt, () =>
        {
            foreach (var file in Directory.GetFiles(directory, Path.GetFileName(database) + "*")) File.Delete(file);
        });
    }

    /// <summary>Which coordinator decides for a VM.</summary>
    public int SeatOf(int vm) => Shards.Of(Vms[vm].Value, shards) % seats.Count;

    /// <summary>Asks for a migration of a VM to some other host; <paramref name="answered"/> runs, on its node's thread, once it is durable.</summary>
    public void Migrate(int vm, int turn, Action<CommandResult> answered) =>
        Nodes[SeatOf(vm)].Post(new CommandArrived(new CreateMigration(Vms[vm], names[(vm + turn) % names.Count], MigrationPolicy.Default), Caller, answered));

    /// <summary>Calls back on its node's thread for every migration that closes, with the number of the seat.</summary>
    public void OnClosed(Action<int, MigrationId> callback)
    {
        foreach (var counter in counters) counter.Closed = callback;
    }

    /// <summary>Open streams of all nodes for which this holds.</summary>
    public int CountOpen(Func<object, bool> holds) => Nodes.Sum(node => node.Ask(machine => machine.OpenStreams.Count(s => holds(s.State))).Result);

    public void Dispose()
    {
        foreach (var node in Nodes) node.Dispose();
        hosts.Dispose();
        foreach (var seat in seats)
        {
            seat.Bus.Dispose();
            (seat.Store as IDisposable)?.Dispose();
        }

        cleanUp();
    }

    private CoordinatorNode NewNode(Seat seat, string name, int batchMax)
    {
        var machine = new MachineOptions { Node = name, ShardCount = shards, CodeVersion = "bench", Permits = new PermitLimits(1_000_000, 1_000_000, 1_000_000) };
        var node = new CoordinatorNode(new NodeOptions { Machine = machine, BatchMax = batchMax, InboxMax = 10_000_000, Shared = seats.Count > 1 }, seat.Store, seat.Bus, NullLogger.Instance);
        var counter = new Counter(counters.Count);
        counters.Add(counter);
        node.Listen(counter);
        node.Statistics.AppendMeasured += (_, took) => Interlocked.Add(ref appending, took.Ticks);
        return node;
    }

    // As the hub does: straight into the node if it is alone, else by the bus to whoever decides.
    private Action<int, HostReported> SayAt(int seat) => seats.Count == 1
        ? (shard, report) => Nodes[0].Post(new MessageArrived(shard, report))
        : (shard, report) => seats[seat].Bus.Publish(new BusMessage(BusMessage.Shard(shard), report));

    private void Prepare()
    {
        var facts = new HostFacts(ByteCount.FromMebi(1024L * 1024 * 1024), 64, "127.0.0.1", 7500, ["native"], []);
        Submit(names.Select(h => new AdmitHost(new Admit(h, "journal-" + h, 1, "boot", facts))));
        var spec = new GuestSpec("native", ByteCount.FromMebi(64), 1);
        // Every guest runs before the first is asked to move: the last event of each registration is its start or its count.
        foreach (var part in Vms.Select((vm, i) => new RegisterVm(vm, spec, names[i % names.Count], Adopt: false)).Chunk(1_000)) Submit(part);
        while (CountOpen(s => s is Domain.Vms.Vm { Power: Domain.Vms.VmPower.Running, ClaimCounted: true }) < Vms.Count) Thread.Sleep(20);
    }

    private void Submit(IEnumerable<Command> commands)
    {
        var waiting = commands.Select(command => Nodes[CommandShard.Of(command, shards) % Nodes.Count].Submit(command, Caller)).ToArray();
        Task.WaitAll(waiting);
        if (waiting.Select(answer => answer.Result.Refusal).FirstOrDefault(r => r is not null) is { } refusal) throw new InvalidOperationException(refusal.Detail);
    }

    private sealed class Counter(int seat) : ICommitListener
    {
        public long Events;
        public long Finished;

        public Action<int, MigrationId>? Closed { get; set; }

        public void Committed(CommittedEvent happened)
        {
            Events++;
            if (happened.Body is not MigrationClosed) return;
            Finished++;
            Closed?.Invoke(seat, MigrationId.Parse(happened.Stream["migration-".Length..]));
        }
    }
}
