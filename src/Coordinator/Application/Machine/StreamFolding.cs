using System.Text.Json;
using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Permits;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;

namespace Coordinator.Application.Machine;

/// <summary>From stored events to states, whatever the kind of stream.</summary>
public static class StreamFolding
{
    /// <summary>Folds one event.</summary>
    public static object Evolve(object state, object happened, int version, DateTimeOffset at) => state switch
    {
        MigrationState s => MigrationEvolution.Evolve(s, (MigrationEvent)happened, version, at),
        VmState s => VmEvolution.Evolve(s, (VmEvent)happened, version, at),
        HostState s => HostEvolution.Evolve(s, (HostEvent)happened),
        PermitsState s => PermitEvolution.Evolve(s, (PermitEvent)happened),
        RestoreState s => RestoreState.Evolve(s, (RestoreEvent)happened),
        EvacuationState s => EvacuationEvolution.Evolve(s, (EvacuationEvent)happened, version, at),
        _ => throw new CorruptHistoryException(state, happened),
    };

    /// <summary>Nothing follows: the stream leaves memory.</summary>
    public static bool IsClosed(object state) => state is Closed or Evacuation { Phase: EvacuationPhase.Closed };

    /// <summary>The state before the first event of a stream, by its key.</summary>
    public static object Initial(string key) => key switch
    {
        _ when key.StartsWith("migration-", StringComparison.Ordinal) => NotRequested.Instance,
        _ when key.StartsWith("vm-", StringComparison.Ordinal) => UnknownVm.Instance,
        _ when key.StartsWith("host-", StringComparison.Ordinal) => HostState.Unknown,
        _ when key.StartsWith("permits-", StringComparison.Ordinal) => PermitsState.Initial,
        _ when key.StartsWith(RestoreHandler.Prefix, StringComparison.Ordinal) => RestoreState.None,
        _ when key.StartsWith("evacuation-", StringComparison.Ordinal) => NoEvacuation.Instance,
        _ => throw new ArgumentException($"no kind of stream has keys like {key}", nameof(key)),
    };

    /// <exception cref="UnknownEventException">Written by a newer version.</exception>
    /// <exception cref="CorruptHistoryException">The history cannot be folded.</exception>
    public static StreamEntry Fold(LoadedStream loaded)
    {
        var state = loaded.Snapshot is { } snapshot ? Restore(loaded.Stream, snapshot.Span) : Initial(loaded.Stream);
        foreach (var e in loaded.Tail) state = Evolve(state, EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span), e.Version, e.At);
        return new StreamEntry
        {
            Key = loaded.Stream,
            Shard = loaded.Shard,
            State = state,
            Version = loaded.Version,
            SnapshotVersion = loaded.SnapshotVersion,
            SnapshotBytes = loaded.Snapshot?.Length ?? 0,
            TailBytes = loaded.Tail.Sum(e => (long)e.Body.Length),
            Closed = loaded.Closed,
            TimerDue = loaded.TimerDue,
            TimerToken = loaded.TimerToken,
        };
    }

    public static Deadline? DeadlineOf(StreamEntry entry) => entry.State switch
    {
        MigrationState s => MigrationDeadlines.Of(s),
        VmState s => VmOrders.DeadlineOf(s),
        EvacuationState s => EvacuationDeadlines.Of(s),
        _ => null,
    };

    public static byte[] Snapshot(StreamEntry entry) => entry.State switch
    {
        MigrationState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.MigrationState),
        VmState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.VmState),
        HostState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.HostState),
        PermitsState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.PermitsState),
        RestoreState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.RestoreState),
        EvacuationState s => JsonSerializer.SerializeToUtf8Bytes(s, DomainJson.Default.EvacuationState),
        _ => throw new ArgumentException("not a state", nameof(entry)),
    };

    private static object Restore(string key, ReadOnlySpan<byte> json) => Initial(key) switch
    {
        MigrationState => JsonSerializer.Deserialize(json, DomainJson.Default.MigrationState)!,
        VmState => JsonSerializer.Deserialize(json, DomainJson.Default.VmState)!,
        HostState => JsonSerializer.Deserialize(json, DomainJson.Default.HostState)!,
        RestoreState => JsonSerializer.Deserialize(json, DomainJson.Default.RestoreState)!,
        EvacuationState => JsonSerializer.Deserialize(json, DomainJson.Default.EvacuationState)!,
        _ => JsonSerializer.Deserialize(json, DomainJson.Default.PermitsState)!,
    };
}
