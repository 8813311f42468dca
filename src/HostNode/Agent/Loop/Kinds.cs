using System.Reflection;
using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace HostNode.Agent.Loop;

/// <summary>Names of inputs, records, messages and commands, and the part of a migration each belongs to: for failpoints and logs.</summary>
internal static class Kinds
{
    private static readonly Dictionary<Type, string> Records = typeof(JournalRecord).GetCustomAttributes<JsonDerivedTypeAttribute>()
        .ToDictionary(attribute => attribute.DerivedType, attribute => (string)attribute.TypeDiscriminator!);

    public static string Of(JournalRecord record) => Records[record.GetType()];

    public static string Of(AgentInput input) => input switch
    {
        OrderReceived received => received.Order.GetType().Name,
        PeerReceived received => received.Message.GetType().Name,
        HypervisorReported reported => reported.Event.GetType().Name,
        _ => input.GetType().Name,
    };

    /// <summary>What a record is about; null where it says nothing of it.</summary>
    public static (VmId? Vm, MigrationId? Migration, Epoch? Epoch) Subject(JournalRecord record) => record switch
    {
        Placed r => (r.Vm, null, r.Epoch),
        VmRan r => (r.Vm, null, r.Epoch),
        VmEnded r => (r.Vm, null, r.Epoch),
        AttemptBegun { Plan: var r } => (r.Vm, r.Migration, r.Epoch),
        AttemptPrepared { Order: var r } => (r.Vm, r.Migration, r.Epoch),
        IntentJournaled { Grant.Token: var r } => (r.Vm, r.Migration, r.Epoch),
        AttemptRejected r => (r.Vm, r.Migration, r.Epoch),
        AttemptReleased r => (r.Vm, r.Migration, r.Epoch),
        AttemptOwned r => (r.Vm, r.Migration, r.Epoch),
        AttemptRefused r => (r.Vm, r.Migration, r.Epoch),
        HoldPromised r => (r.Vm, r.Migration, r.Epoch),
        _ => (null, null, null),
    };

    /// <summary>Why, where the record says it.</summary>
    public static string ReasonOf(JournalRecord record) => record switch
    {
        VmEnded r => r.Reason,
        AttemptRejected r => r.Reason,
        AttemptRefused r => r.Reason,
        _ => "durable",
    };

    public static MigrationRole? RoleOf(JournalRecord record) => record switch
    {
        AttemptBegun or IntentJournaled or AttemptRejected or AttemptReleased or HoldPromised => MigrationRole.Source,
        AttemptPrepared or AttemptOwned or AttemptRefused => MigrationRole.Destination,
        _ => null,
    };

    public static MigrationRole? RoleOf(Report report) => report switch
    {
        PrecheckReported precheck => precheck.Role,
        RoundCompleted or SwitchoverReady or IntentWritten or CommitSent or RefusalAsked or Rejected or SourceGone or Holding or Released => MigrationRole.Source,
        Prepared or Owned or Refused or Verified => MigrationRole.Destination,
        _ => null,
    };

    /// <summary>Part of the sender.</summary>
    public static MigrationRole? SenderOf(PeerMessage message) => message switch
    {
        PeerCommit or PeerRefuse => MigrationRole.Source,
        PeerOwned or PeerRefused => MigrationRole.Destination,
        _ => null,
    };

    /// <summary>The VM and, if its kind alone says so, the part.</summary>
    public static (VmId? Vm, MigrationRole? Role) Subject(AgentInput input) => input switch
    {
        OrderReceived { Order: var order } => (order.Vm, RoleOf(order)),
        PeerReceived { Message: var message } => (message.Vm, Opposite(SenderOf(message))),
        HypervisorReported { Event: var happened } => (happened.Vm, RoleOf(happened)),
        _ => (null, null),
    };

    public static MigrationRole? RoleOf(HypervisorCommand command) => command switch
    {
        StartOutgoing or UpdateOutgoing or StopAndCopy or AbortOutgoing => MigrationRole.Source,
        PrepareIncoming or VerifyGuest => MigrationRole.Destination,
        _ => null,
    };

    private static MigrationRole? RoleOf(Order order) => order switch
    {
        Precheck precheck => precheck.Role,
        MigrateOut or SwitchOver or GiveBack or AbortOut or Hold or Release or ResumeSource => MigrationRole.Source,
        PrepareIn or RefuseIn or GoForward or VerifyIn => MigrationRole.Destination,
        _ => null,
    };

    private static MigrationRole? RoleOf(HypervisorEvent happened) => happened switch
    {
        OutgoingRound or OutgoingProgress or OutgoingPaused or OutgoingCompleted or OutgoingFailed => MigrationRole.Source,
        IncomingReady or IncomingLoaded or IncomingFailed or GuestVerified => MigrationRole.Destination,
        _ => null,
    };

    private static MigrationRole? Opposite(MigrationRole? role) => role switch
    {
        MigrationRole.Source => MigrationRole.Destination,
        MigrationRole.Destination => MigrationRole.Source,
        _ => null,
    };
}
