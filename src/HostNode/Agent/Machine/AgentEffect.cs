using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>What the agent does once the records of the same step are durable. Closed family; carried out in order.</summary>
public abstract record AgentEffect;

/// <summary>Tell the coordinator, until acknowledged. A new report with the same key replaces one not yet acknowledged.</summary>
/// <param name="Key">Facts of one kind about one attempt share a key; rounds have a key each.</param>
public sealed record SendReport(string Key, Report Report) : AgentEffect;

public sealed record SendSample(ProgressSample Sample) : AgentEffect;

/// <summary>Tell another agent, once; the machine asks again by itself when it has to.</summary>
public sealed record SendPeer(HostId To, TransferEndpoint Endpoint, PeerMessage Message) : AgentEffect;

/// <summary>Answer on the connection (or to the host) a message came from.</summary>
public sealed record ReplyPeer(HostId To, PeerMessage Message) : AgentEffect;

public sealed record Drive(string Driver, HypervisorCommand Command) : AgentEffect;

/// <summary>Run a precheck against the drivers and report what it found.</summary>
public sealed record RunPrecheck(Precheck Order) : AgentEffect;

public sealed record LogLine(string Level, MigrationId? Migration, VmId? Vm, Epoch? Epoch, string Text) : AgentEffect;
