using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Permits;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>What the log holds: one end for each request, nothing after Closed, versions without a gap, terms and epochs that never fall, caps.</summary>
internal sealed class LogChecks(SimWorld world)
{
    private readonly Dictionary<string, Stream> streams = [];
    private readonly Dictionary<int, (Term Term, long Seq)> shards = [];
    private readonly Dictionary<VmId, (Epoch Epoch, Epoch Highest)> epochs = [];
    private readonly HashSet<MigrationId> resolved = [];
    private readonly HashSet<MigrationId> givenUp = [];
    private readonly HashSet<MigrationId> forward = [];

    public int OpenCount { get; private set; }

    public int ClosedCount { get; private set; }

    public int BetweenGrantAndIntent { get; private set; }

    /// <summary>A person decided what two hosts could not.</summary>
    public bool IsResolved(MigrationId migration) => resolved.Contains(migration);

    /// <summary>Lost, or given up by a person.</summary>
    public bool IsGivenUp(MigrationId migration) => givenUp.Contains(migration);

    /// <summary>GOFORWARD is in the log.</summary>
    public bool WentForward(MigrationId migration) => forward.Contains(migration);

    /// <returns>The migration that the event is about, if any.</returns>
    public MigrationId? Decided(StoredEvent e)
    {
        var time = world.Time;
        time.Mix((ulong)e.Seq + ((ulong)e.Shard << 56));
        foreach (var c in e.Type) time.Mix(c);
        foreach (var c in e.Stream.AsSpan(e.Stream.Length > 8 ? e.Stream.Length - 8 : 0)) time.Mix(c);
        var (term, seq) = shards.GetValueOrDefault(e.Shard);
        if (e.Term < term) world.Checks.Violation($"the term of shard {e.Shard} fell from {term} to {e.Term}");
        if (e.Seq != seq + 1) world.Checks.Violation($"shard {e.Shard} goes from {seq} to {e.Seq}");
        shards[e.Shard] = (e.Term, e.Seq);
        if (!streams.TryGetValue(e.Stream, out var stream)) streams.Add(e.Stream, stream = new Stream(e.Stream));
        if (e.Version != stream.Version + 1) world.Checks.Violation($"{e.Stream} goes from version {stream.Version} to {e.Version}");
        stream.Version = e.Version;
        if (stream.Migration is { } migration) Happened(stream, migration, e.Type);
        else if (e.Type is nameof(VmStopOrdered) or nameof(VmStopConfirmed)) Stops(world.Vm(new VmId(e.Stream["vm-".Length..])), e.Type == nameof(VmStopConfirmed));
        return stream.Migration;
    }

    /// <summary>States after a batch that its writer knows to be durable.</summary>
    public void Committed(ShardMachine machine, AppendBatch batch)
    {
        foreach (var change in batch.Streams)
        {
            switch (machine.FindWritten(change.Stream))
            {
                case Vm vm:
                    var (epoch, highest) = epochs.GetValueOrDefault(vm.Id);
                    if (vm.Epoch < epoch || vm.HighestEpoch < highest) world.Checks.Violation($"an epoch of {vm.Id} fell: {epoch}/{highest}, then {vm.Epoch}/{vm.HighestEpoch}");
                    epochs[vm.Id] = (vm.Epoch, vm.HighestEpoch);
                    break;
                case PermitsState pool:
                    Caps(pool);
                    break;
                case HostState { Facts: { } facts } host when host.ClaimedMemory.Value > facts.Memory.Value * (1 - HostState.MemoryReserve) && host.Claims.Keys.All(c => c.StartsWith("migration-", StringComparison.Ordinal)):
                    world.Checks.Violation($"{host.Id} has given away {host.ClaimedMemory} of {facts.Memory}");
                    break;
            }
        }
    }

    public void End()
    {
        foreach (var stream in streams.Values)
        {
            if (stream.Migration is not null && !stream.IsClosed) world.Checks.Violation($"L1: {stream.Key} never settled ({stream.Ending ?? "no outcome"})");
        }
    }

    private void Happened(Stream stream, MigrationId migration, string type)
    {
        if (stream.IsClosed) world.Checks.Violation($"S5: {type} of {migration} after Closed");
        switch (type)
        {
            case nameof(MigrationRequested):
                OpenCount++;
                if (stream.Version != 1) world.Checks.Violation($"S4: {migration} was requested twice");
                break;
            case nameof(MigrationCompleted) or nameof(MigrationAborted) or nameof(MigrationLost) or nameof(MigrationHeld):
                world.Seen.Add(type);
                if (stream.Ending is { } ended) world.Checks.Violation($"S4: {migration} ended twice: {ended}, then {type}");
                stream.Ending = type;
                if (type == nameof(MigrationLost)) givenUp.Add(migration);
                Waits(stream, false);
                break;
            case nameof(SwitchoverGranted):
                Waits(stream, true);
                break;
            case nameof(IntentSeen):
                Waits(stream, false);
                break;
            case nameof(CommitSeen):
                if (world.VmOf(migration) is { } moved) moved.CommitSeen = migration;
                break;
            case nameof(HeldResolved):
                world.Seen.Add(type);
                resolved.Add(migration);
                givenUp.Add(migration);
                if (world.VmOf(migration) is { } vm) vm.Lost = true;
                break;
            case nameof(MigrationClosed):
                if (stream.Ending is null) world.Checks.Violation($"S5: {migration} was closed without an outcome");
                stream.IsClosed = true;
                OpenCount--;
                ClosedCount++;
                break;
            case "WentForward" or nameof(MigrationCancelling) or nameof(SourceAskedRefusal) or nameof(SourceHeld) or nameof(SourceHostLost) or nameof(ParticipantWrittenOff):
                world.Seen.Add(type);
                if (type == "WentForward") forward.Add(migration);
                break;
        }
    }

    // On order: until it runs again nothing of it has to be there.
    private static void Stops(SimVm vm, bool done)
    {
        vm.MayStop = !done;
        vm.Lost |= done;
    }

    private void Waits(Stream stream, bool waits)
    {
        if (stream.Waits == waits) return;
        stream.Waits = waits;
        BetweenGrantAndIntent += waits ? 1 : -1;
    }

    private void Caps(PermitsState pool)
    {
        var caps = world.Options.Permits;
        if (pool.Granted.Count > caps.Global) world.Checks.Violation($"{pool.Granted.Count} permits are given, the cap is {caps.Global}");
        foreach (var host in world.Hosts)
        {
            var leaving = pool.Granted.Values.Count(p => p.Source == host.Id);
            var arriving = pool.Granted.Values.Count(p => p.Destination == host.Id);
            if (leaving > caps.PerSource || arriving > caps.PerDestination) world.Checks.Violation($"{leaving} leave and {arriving} arrive at {host}, the caps are {caps.PerSource} and {caps.PerDestination}");
        }
    }

    private sealed class Stream(string key)
    {
        public string Key => key;

        public MigrationId? Migration { get; } = key.StartsWith("migration-", StringComparison.Ordinal) ? MigrationId.Parse(key["migration-".Length..]) : null;

        public int Version { get; set; }

        public string? Ending { get; set; }

        public bool IsClosed { get; set; }

        public bool Waits { get; set; }
    }
}
