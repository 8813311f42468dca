using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>Everything that can happen to an agent. Closed family.</summary>
public abstract record AgentInput;

/// <summary>First input of an incarnation, after the journal was folded: what the operating system shows.</summary>
public sealed record AgentStarted(IReadOnlyList<DiscoveredGuest> Guests, string BootId) : AgentInput;

public sealed record OrderReceived(Order Order) : AgentInput;

/// <summary>A control message from another agent; <paramref name="From"/> is the identity in its certificate.</summary>
public sealed record PeerReceived(HostId From, PeerMessage Message) : AgentInput;

public sealed record HypervisorReported(HypervisorEvent Event) : AgentInput;

/// <summary>The link to a coordinator stands again: answers not yet acknowledged are sent again by the link itself.</summary>
/// <param name="Restore">The restore whose store has kept what the hello said; null: its store was never restored.</param>
public sealed record HubLinked(string? Restore = null) : AgentInput;

/// <summary>Every 100 ms: deadlines inside orders and re-asking.</summary>
public sealed record Tick : AgentInput;
