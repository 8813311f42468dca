namespace Coordinator.Application.Cluster;

/// <summary>What a node says of itself with each beat. Read by nodes of other versions: fields are only ever added.</summary>
public sealed record NodeFacts
{
    /// <summary>Of the program.</summary>
    public string? Version { get; init; }

    /// <summary>See <see cref="Shared.Contracts.ContractVersion"/>; null for the first.</summary>
    public string? Contracts { get; init; }

    /// <summary>Where its API listens; null until it does.</summary>
    public string? Http { get; init; }

    /// <summary>Hosts whose link stands there.</summary>
    public int Hosts { get; init; }

    /// <summary>Start of its process, by its own clock.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>End of its certificate.</summary>
    public DateTimeOffset? CertificateUntil { get; init; }
}
