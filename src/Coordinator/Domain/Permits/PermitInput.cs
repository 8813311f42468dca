namespace Coordinator.Domain.Permits;

/// <summary>What a pool of permits can be told. Closed family.</summary>
public abstract record PermitInput;

public sealed record AskPermit(Permit Permit) : PermitInput;

public sealed record ReturnPermit(string Claim) : PermitInput;
