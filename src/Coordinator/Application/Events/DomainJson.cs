using System.Text.Json;
using System.Text.Json.Serialization;
using Coordinator.Application.Store;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Domain.Permits;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;

namespace Coordinator.Application.Events;

/// <summary>Source-generated JSON of events, snapshots and causes: camelCase, nulls left out. Readable in SQL for ever.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(MigrationRequested))]
[JsonSerializable(typeof(PrecheckPassed))]
[JsonSerializable(typeof(PermitObtained))]
[JsonSerializable(typeof(MigrationStarted))]
[JsonSerializable(typeof(DestinationPrepared))]
[JsonSerializable(typeof(PreCopyRoundCompleted))]
[JsonSerializable(typeof(SwitchoverForecast))]
[JsonSerializable(typeof(SwitchoverGranted))]
[JsonSerializable(typeof(SwitchoverForced))]
[JsonSerializable(typeof(IntentSeen))]
[JsonSerializable(typeof(CommitSeen))]
[JsonSerializable(typeof(SourceAskedRefusal))]
[JsonSerializable(typeof(MigrationCancelling))]
[JsonSerializable(typeof(SourceHostLost))]
[JsonSerializable(typeof(SourceHeld))]
[JsonSerializable(typeof(ParticipantWrittenOff))]
[JsonSerializable(typeof(WentForward))]
[JsonSerializable(typeof(MigrationCompleted))]
[JsonSerializable(typeof(MigrationAborted))]
[JsonSerializable(typeof(MigrationLost))]
[JsonSerializable(typeof(MigrationHeld))]
[JsonSerializable(typeof(HeldResolved))]
[JsonSerializable(typeof(SourceRejected))]
[JsonSerializable(typeof(SourceReleased))]
[JsonSerializable(typeof(DestinationOwned))]
[JsonSerializable(typeof(DestinationRefused))]
[JsonSerializable(typeof(DestinationVerified))]
[JsonSerializable(typeof(PermitReturned))]
[JsonSerializable(typeof(ClaimReturned))]
[JsonSerializable(typeof(MigrationClosed))]
[JsonSerializable(typeof(VmRegistered))]
[JsonSerializable(typeof(PlacementCounted))]
[JsonSerializable(typeof(OldPlacementReturned))]
[JsonSerializable(typeof(VmStartOrdered))]
[JsonSerializable(typeof(VmStarted))]
[JsonSerializable(typeof(VmStartFailed))]
[JsonSerializable(typeof(VmStopOrdered))]
[JsonSerializable(typeof(VmStopConfirmed))]
[JsonSerializable(typeof(VmLost))]
[JsonSerializable(typeof(VmConflicted))]
[JsonSerializable(typeof(MigrationOpened))]
[JsonSerializable(typeof(MigrationSettled))]
[JsonSerializable(typeof(PlacementChanged))]
[JsonSerializable(typeof(HostAdmitted))]
[JsonSerializable(typeof(HostCordoned))]
[JsonSerializable(typeof(HostUncordoned))]
[JsonSerializable(typeof(HostDeclaredLost))]
[JsonSerializable(typeof(CapacityClaimed))]
[JsonSerializable(typeof(CapacityRefused))]
[JsonSerializable(typeof(CapacityReleased))]
[JsonSerializable(typeof(PermitGranted))]
[JsonSerializable(typeof(PermitQueued))]
[JsonSerializable(typeof(PermitFreed))]
[JsonSerializable(typeof(HistoryCut))]
[JsonSerializable(typeof(PlacementDoubted))]
[JsonSerializable(typeof(HigherEpochHeard))]
[JsonSerializable(typeof(MigrationAdopted))]
[JsonSerializable(typeof(PlacementAdopted))]
[JsonSerializable(typeof(PlacementTrusted))]
[JsonSerializable(typeof(StoreRestored))]
[JsonSerializable(typeof(HostTold))]
[JsonSerializable(typeof(MigrationState))]
[JsonSerializable(typeof(VmState))]
[JsonSerializable(typeof(HostState))]
[JsonSerializable(typeof(PermitsState))]
[JsonSerializable(typeof(RestoreState))]
[JsonSerializable(typeof(EventMeta))]
[JsonSerializable(typeof(Report))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(Bus.ShardMessage))]
public sealed partial class DomainJson : JsonSerializerContext;
