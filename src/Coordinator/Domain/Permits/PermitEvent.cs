namespace Coordinator.Domain.Permits;

/// <summary>What happened in a pool of permits. Closed family; names and shapes are for ever.</summary>
public abstract record PermitEvent;

public sealed record PermitGranted(Permit Permit) : PermitEvent;

/// <summary>All caps that fit it are used up: it waits its turn.</summary>
public sealed record PermitQueued(Permit Permit) : PermitEvent;

/// <summary>Given back, or a tombstone for one never heard of.</summary>
public sealed record PermitFreed(string Claim) : PermitEvent;
