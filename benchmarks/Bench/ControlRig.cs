using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Sqlite;
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

/// <summary>The production coordinator on SQLite with simulated hosts, ready to run migrations without end.</summary>
public sealed class ControlRig : ICommitListener, IDisposable
{
    private static readonly CommandContext Caller = new("bench", "api", null, null, null, null, null, null);

    private readonly SqliteStore store;
    private readonly InProcessBus bus;
    private readonly SimulatedHosts hosts;
    private readonly List<HostId> names;
    private Action<MigrationId>? closed;
    private long events;
    private long finished;

    /// <param name="batchMax">Inputs decided in one commit; 1 means one decision a commit.</param>
    public ControlRig(string directory, int vms, int batchMax, Type? stopAt = null)
    {
        DatabasePath = Path.Combine(directory, $"control-{Guid.NewGuid():n}.db");
        store = new SqliteStore(new SqliteStoreOptions { Path = DatabasePath });
        bus = new InProcessBus(1_000_000);
        var machine = new MachineOptions { Node = "bench", ShardCount = store.ShardCount, CodeVersion = "bench", Permits = new PermitLimits(1_000_000, 1_000_000, 1_000_000) };
        Node = new CoordinatorNode(new NodeOptions { Machine = machine, BatchMax = batchMax, InboxMax = 10_000_000 }, store, bus, NullLogger.Instance);
        Node.Listen(this);
        names = [.. Enumerable.Range(0, 40).Select(i => new HostId($"host-{i}"))];
        hosts = new SimulatedHosts(Node, bus, names, store.ShardCount, stopAt);
        Node.Start();
        Vms = [.. Enumerable.Range(0, vms).Select(i => new VmId($"vm-{i}"))];
        Prepare();
    }

    public string DatabasePath { get; }

    public CoordinatorNode Node { get; }

    public IReadOnlyList<VmId> Vms { get; }

    public IEventStore Store => store;

    public long Events => Interlocked.Read(ref events);

    public long Finished => Interlocked.Read(ref finished);

    /// <summary>Asks for a migration of a VM to some other host; <paramref name="answered"/> runs once it is durable.</summary>
    public void Migrate(int vm, int turn, Action<CommandResult> answered) =>
        Node.Post(new CommandArrived(new CreateMigration(Vms[vm], names[(vm + turn) % names.Count], MigrationPolicy.Default), Caller, answered));

    /// <summary>Calls back on the node's thread for every migration that closes.</summary>
    public void OnClosed(Action<MigrationId> callback) => closed = callback;

    public void Committed(CommittedEvent happened)
    {
        events++;
        if (happened.Body is not MigrationClosed) return;
        finished++;
        closed?.Invoke(MigrationId.Parse(happened.Stream["migration-".Length..]));
    }

    public void Dispose()
    {
        Node.Dispose();
        hosts.Dispose();
        bus.Dispose();
        store.Dispose();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(DatabasePath)!, Path.GetFileName(DatabasePath) + "*")) File.Delete(file);
    }

    private void Prepare()
    {
        var facts = new HostFacts(ByteCount.FromMebi(1024L * 1024 * 1024), 64, "127.0.0.1", 7500, ["native"], []);
        var waiting = names.Select(h => Node.Submit(new AdmitHost(new Admit(h, "journal-" + h, 1, "boot", facts)), Caller)).ToArray();
        Task.WaitAll(waiting);
        var spec = new GuestSpec("native", ByteCount.FromMebi(64), 1);
        Task.WaitAll([.. Vms.Select((vm, i) => Node.Submit(new RegisterVm(vm, spec, names[i % names.Count], Adopt: false), Caller))]);
        // Every guest runs before the first is asked to move: the last event of each registration is its start or its count.
        while (Node.Ask(m => m.OpenStreams.Count(s => s.State is Domain.Vms.Vm { Power: Domain.Vms.VmPower.Running, ClaimCounted: true })).Result < Vms.Count) Thread.Sleep(20);
    }
}
