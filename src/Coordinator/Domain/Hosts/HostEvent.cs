using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Hosts;

/// <summary>What happened to a host. Closed family; names and shapes are for ever.</summary>
public abstract record HostEvent;

/// <summary>An agent was let in (a new start, or other facts than before).</summary>
public sealed record HostAdmitted(HostId Host, string JournalId, long StartCount, string BootId, HostFacts Facts) : HostEvent;

/// <summary>A person made the host known before its agent first connects.</summary>
public sealed record HostEnrolled(HostId Host, string Reason) : HostEvent;

/// <summary>It holds nothing, and leaves in order. Its agent is let in no more, and its name is never used again.</summary>
public sealed record HostRetired(string Reason) : HostEvent;

public sealed record HostCordoned(string Reason) : HostEvent;

public sealed record HostUncordoned(string Reason) : HostEvent;

/// <summary>A person attests that the host is off and will never come back under this identity.</summary>
public sealed record HostDeclaredLost(string Reason, string AttestedBy) : HostEvent;

public sealed record CapacityClaimed(string Claim, CapacityClaim What) : HostEvent;

public sealed record CapacityRefused(string Claim, Problem Problem) : HostEvent;

/// <summary>Also for a claim never heard of: a tombstone.</summary>
public sealed record CapacityReleased(string Claim) : HostEvent;
