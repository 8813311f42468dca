using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Backup;

/// <summary>
/// Makes a restored store say what it is: an old copy. Each VM's placement is in doubt, each open migration is cut, and the hosts that are waited for are
/// named, all as events like any others.
/// </summary>
public static class RestoreMarks
{
    private const int CommandsPerBatch = 500;

    /// <param name="id">Of this restore; unique.</param>
    /// <param name="store">Nobody else uses it. Must not be used if this fails: begin again with an empty one.</param>
    /// <param name="at">When the backup was made.</param>
    /// <param name="others">Hosts that are not in the backup, because they came later.</param>
    /// <param name="actor">Who restores.</param>
    /// <returns>The restore as it is stored.</returns>
    /// <exception cref="StoreUnavailableException">The store refused.</exception>
    public static StoreRestored Write(string id, IEventStore store, DateTimeOffset at, IReadOnlyList<HostId> others, string actor, string program)
    {
        var machine = new ShardMachine(new MachineOptions { Node = "restore", ShardCount = store.ShardCount, CodeVersion = program });
        var now = store.Now();
        foreach (var lease in store.TakeOver([.. Enumerable.Range(0, store.ShardCount)], "restore")) machine.Own(lease, store.LoadOpen(lease.Shard), now);
        var restored = new StoreRestored(id, at, HostsOf(machine, others));
        var context = new CommandContext(actor, "restore", null, null, null, null, null, null);
        List<Command> commands = [new AnnounceRestore(restored), .. machine.OpenStreams.Select(entry => CommandFor(entry.State, id)).OfType<Command>()];
        foreach (var chunk in commands.Chunk(CommandsPerBatch))
        {
            foreach (var command in chunk) machine.Step(new CommandArrived(command, context, static _ => { }), now);
            if (machine.TakeBatch() is { } batch && store.Append(batch) is var outcome and not AppendOutcome.Committed) throw new StoreUnavailableException($"somebody else uses the store: {outcome}");
            machine.Committed(now);
        }

        return restored;
    }

    private static Command? CommandFor(object state, string restore) => state switch
    {
        Vm vm => new DoubtVm(vm.Id, restore),
        Planned planned => new CutMigration(planned.Plan.Id, restore),
        _ => null,
    };

    private static List<HostId> HostsOf(ShardMachine machine, IReadOnlyList<HostId> others) =>
    [
        .. machine.OpenStreams.Select(entry => entry.State).OfType<HostState>().Where(host => host is { Id: not null, WrittenOffReason: null, RetiredReason: null }).Select(host => host.Id!.Value)
            .Concat(others).Distinct().OrderBy(host => host.Value, StringComparer.Ordinal),
    ];
}
