using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Hosts;

/// <summary>What a host's stream can be told. Closed family.</summary>
public abstract record HostInput;

/// <summary>An agent with this identity (from its certificate) wants to be let in.</summary>
public sealed record Admit(HostId Host, string JournalId, long StartCount, string BootId, HostFacts Facts) : HostInput
{
    /// <summary>A host that nobody enrolled is not let in.</summary>
    public bool EnrolmentRequired { get; init; }
}

public sealed record Enrol(HostId Host, string Reason) : HostInput;

public sealed record Retire(string Reason) : HostInput;

public sealed record Cordon(string Reason) : HostInput;

/// <param name="Cordoned">Only a cordon with this reason; null = whatever its reason.</param>
public sealed record Uncordon(string Reason, string? Cordoned = null) : HostInput;

/// <param name="AttestedBy">The person who says that it is off.</param>
public sealed record WriteOff(string Reason, string AttestedBy) : HostInput;

/// <param name="Occupies">The guest is there already: counted, never refused.</param>
public sealed record ClaimCapacity(string Claim, CapacityClaim What, bool Occupies) : HostInput;

public sealed record ReleaseCapacity(string Claim) : HostInput;
