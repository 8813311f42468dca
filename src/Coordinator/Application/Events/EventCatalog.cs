using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Coordinator.Shared.Contracts;

namespace Coordinator.Application.Events;

/// <summary>
/// The one table of event types: stable name, schema version, reader and writer. Names are for ever; a changed shape is a new schema
/// version with a reader for each old one in <see cref="Read"/>, and a stored sample of each in <c>tests/Histories</c>.
/// </summary>
public static class EventCatalog
{
    /// <summary>The contracts that evacuations came with.</summary>
    public static readonly ContractVersion Evacuations = new(1, 2);

    private static readonly EventType[] Types =
    [
        Entry(DomainJson.Default.MigrationRequested),
        Entry(DomainJson.Default.PrecheckPassed),
        Entry(DomainJson.Default.PermitObtained),
        Entry(DomainJson.Default.MigrationStarted),
        Entry(DomainJson.Default.DestinationPrepared),
        Entry(DomainJson.Default.PreCopyRoundCompleted),
        Entry(DomainJson.Default.SwitchoverForecast),
        Entry(DomainJson.Default.SwitchoverGranted),
        Entry(DomainJson.Default.SwitchoverForced),
        Entry(DomainJson.Default.IntentSeen),
        Entry(DomainJson.Default.CommitSeen),
        Entry(DomainJson.Default.SourceAskedRefusal),
        Entry(DomainJson.Default.MigrationCancelling),
        Entry(DomainJson.Default.SourceHostLost),
        Entry(DomainJson.Default.SourceHeld),
        Entry(DomainJson.Default.ParticipantWrittenOff),
        Entry(DomainJson.Default.WentForward),
        Entry(DomainJson.Default.MigrationCompleted),
        Entry(DomainJson.Default.MigrationAborted),
        Entry(DomainJson.Default.MigrationLost),
        Entry(DomainJson.Default.MigrationHeld),
        Entry(DomainJson.Default.HeldResolved),
        Entry(DomainJson.Default.SourceRejected),
        Entry(DomainJson.Default.SourceReleased),
        Entry(DomainJson.Default.DestinationOwned),
        Entry(DomainJson.Default.DestinationRefused),
        Entry(DomainJson.Default.DestinationVerified),
        Entry(DomainJson.Default.PermitReturned),
        Entry(DomainJson.Default.ClaimReturned),
        Entry(DomainJson.Default.MigrationClosed),
        Entry(DomainJson.Default.VmRegistered),
        Entry(DomainJson.Default.PlacementCounted),
        Entry(DomainJson.Default.OldPlacementReturned),
        Entry(DomainJson.Default.VmStartOrdered),
        Entry(DomainJson.Default.VmStarted),
        Entry(DomainJson.Default.VmStartFailed),
        Entry(DomainJson.Default.VmStopOrdered),
        Entry(DomainJson.Default.VmStopConfirmed),
        Entry(DomainJson.Default.VmLost),
        Entry(DomainJson.Default.VmConflicted),
        Entry(DomainJson.Default.MigrationOpened),
        Entry(DomainJson.Default.MigrationSettled),
        Entry(DomainJson.Default.PlacementChanged),
        Entry(DomainJson.Default.HostAdmitted),
        Entry(DomainJson.Default.HostCordoned),
        Entry(DomainJson.Default.HostUncordoned),
        Entry(DomainJson.Default.HostDeclaredLost),
        Entry(DomainJson.Default.CapacityClaimed),
        Entry(DomainJson.Default.CapacityRefused),
        Entry(DomainJson.Default.CapacityReleased),
        Entry(DomainJson.Default.PermitGranted),
        Entry(DomainJson.Default.PermitQueued),
        Entry(DomainJson.Default.PermitFreed),
        Entry(DomainJson.Default.HistoryCut),
        Entry(DomainJson.Default.HostEnrolled),
        Entry(DomainJson.Default.HostRetired),
        Entry(DomainJson.Default.PlacementDoubted),
        Entry(DomainJson.Default.HigherEpochHeard),
        Entry(DomainJson.Default.MigrationAdopted),
        Entry(DomainJson.Default.PlacementAdopted),
        Entry(DomainJson.Default.PlacementTrusted),
        Entry(DomainJson.Default.StoreRestored),
        Entry(DomainJson.Default.HostTold),
        Entry(DomainJson.Default.EvacuationRequested, Evacuations),
        Entry(DomainJson.Default.EvacuationStarted, Evacuations),
        Entry(DomainJson.Default.EvacuationHostCordoned, Evacuations),
        Entry(DomainJson.Default.EvacuationHostUncordoned, Evacuations),
        Entry(DomainJson.Default.WaveOpened, Evacuations),
        Entry(DomainJson.Default.GuestStarted, Evacuations),
        Entry(DomainJson.Default.GuestFollowed, Evacuations),
        Entry(DomainJson.Default.GuestArrived, Evacuations),
        Entry(DomainJson.Default.GuestFailed, Evacuations),
        Entry(DomainJson.Default.EvacuationPaused, Evacuations),
        Entry(DomainJson.Default.EvacuationResumed, Evacuations),
        Entry(DomainJson.Default.EvacuationAborting, Evacuations),
        Entry(DomainJson.Default.EvacuationReplanned, Evacuations),
        Entry(DomainJson.Default.FailedRetried, Evacuations),
        Entry(DomainJson.Default.EvacuationEnded, Evacuations),
        Entry(DomainJson.Default.EvacuationClosed, Evacuations),
    ];

    private static readonly FrozenDictionary<Type, EventType> ByType = Types.ToFrozenDictionary(t => t.Type);
    private static readonly FrozenDictionary<string, EventType> ByName = Types.ToFrozenDictionary(t => t.Name);

    /// <summary>All current types, for tests and documents.</summary>
    public static IReadOnlyList<EventType> All => Types;

    /// <summary>Name and schema version under which this event is written.</summary>
    public static EventType TypeOf(object happened) => ByType[happened.GetType()];

    /// <summary>Reads an event as it was stored.</summary>
    /// <exception cref="UnknownEventException">This code does not know the type or its version: a decider must stop the stream, a projection counts and skips.</exception>
    public static object Read(string name, int schemaVersion, ReadOnlySpan<byte> body)
    {
        if (!ByName.TryGetValue(name, out var type) || schemaVersion > type.SchemaVersion) throw new UnknownEventException(name, schemaVersion);
        return type.Read(body) ?? throw new JsonException($"event {name} is null");
    }

    private static EventType Entry<T>(JsonTypeInfo<T> json, ContractVersion? since = null) => new(typeof(T).Name, 1, typeof(T), json) { Since = since ?? ContractVersion.First };
}
