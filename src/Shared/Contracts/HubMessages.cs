using System.Text.Json.Serialization;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>What crosses the WebSocket between an agent and a coordinator: one JSON object a text frame, at most 1 MiB.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "message")]
[JsonDerivedType(typeof(AgentHello), nameof(AgentHello))]
[JsonDerivedType(typeof(AgentHeartbeat), nameof(AgentHeartbeat))]
[JsonDerivedType(typeof(AgentReport), nameof(AgentReport))]
[JsonDerivedType(typeof(AgentSample), nameof(AgentSample))]
[JsonDerivedType(typeof(HubWelcome), nameof(HubWelcome))]
[JsonDerivedType(typeof(HubOrder), nameof(HubOrder))]
[JsonDerivedType(typeof(HubAck), nameof(HubAck))]
[JsonDerivedType(typeof(HubRefusal), nameof(HubRefusal))]
public abstract record HubMessage;

/// <summary>First frame of an agent.</summary>
/// <param name="JournalId">Random id in the header of the journal: a host id belongs to exactly one journal.</param>
/// <param name="StartCount">Grows by one at each start of the agent.</param>
/// <param name="BootId">The kernel's boot id: changed means that all guests of that host are gone.</param>
/// <param name="HighestPosition">Highest stream version seen per subject would be too much; this is the highest order number seen per open subject.</param>
public sealed record AgentHello(
    HostId Host, string JournalId, long StartCount, string BootId, string Version, HostFacts Facts,
    IReadOnlyList<GuestFact> Guests, IReadOnlyList<SubjectMark> HighestSeen) : HubMessage
{
    /// <summary>What the journal says of each VM; null from agents that do not know how to say it.</summary>
    public IReadOnlyList<VmWord>? Words { get; init; }

    /// <summary>See <see cref="ContractVersion"/>; null from an agent of the first version.</summary>
    public string? Contracts { get; init; }

    /// <summary>The last restore of a store that this host has told all it knows; null for none.</summary>
    public string? Restore { get; init; }
}

/// <summary>The highest order number (stream version) and epoch this host has seen for a subject: a store below it has gone backwards (design: rule 13).</summary>
public sealed record SubjectMark(string Subject, long Number, Epoch Epoch);

/// <summary>A guest the agent found or owns.</summary>
public sealed record GuestFact(VmId Vm, string Driver, Epoch Epoch, bool Running, ByteCount Memory);

/// <summary>What a host has.</summary>
/// <param name="Memory">For guests, the agent's own share taken off.</param>
/// <param name="Address">Address of its migration network.</param>
public sealed record HostFacts(ByteCount Memory, int Cpus, string Address, int PeerPort, IReadOnlyList<string> Drivers, IReadOnlyList<Problem> Notes);

/// <summary>Every second; ends in the hub.</summary>
public sealed record AgentHeartbeat(double CpuLoad) : HubMessage;

/// <summary>A fact with its number; sent again until <see cref="HubAck"/> carries the number.</summary>
/// <param name="N">Grows by one within one start of the agent.</param>
public sealed record AgentReport(long StartCount, long N, Report Report) : HubMessage;

public sealed record AgentSample(ProgressSample Sample) : HubMessage;

/// <summary>The agent is admitted.</summary>
/// <param name="Restore">The store was restored from a backup (this is the restore's id) and has stored what the hello said: order numbers begin anew. Null: never restored.</param>
/// <param name="Contracts">See <see cref="ContractVersion"/>; null from a coordinator of the first version.</param>
public sealed record HubWelcome(string Coordinator, long LinkNumber, string? Restore = null, string? Contracts = null) : HubMessage;

/// <summary>An order; the agent answers with reports.</summary>
public sealed record HubOrder(Order Order) : HubMessage;

/// <summary>The report is committed: the agent may forget to send it again.</summary>
public sealed record HubAck(long StartCount, long N) : HubMessage;

/// <summary>The agent is not admitted; the link is closed after this frame.</summary>
public sealed record HubRefusal(string Code, string Detail) : HubMessage;

/// <summary>A message of a kind that this program does not know, from a newer one: passed over. Never sent.</summary>
/// <param name="What">The kinds, from the outermost in.</param>
public sealed record UnknownHubMessage(string What) : HubMessage;
