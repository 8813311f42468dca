namespace Coordinator.Shared.Contracts.Api;

/// <summary>A coordinator process. Its etag counts what was wished of it.</summary>
public sealed record NodeResource(string Kind, Metadata Metadata, NodeSpec Spec, NodeStatus Status)
{
    public const string KindName = "Node";
}

/// <summary>What operators want of a coordinator.</summary>
/// <param name="Drained">It is to decide for no shard, and goes on answering requests.</param>
/// <param name="DrainedBy">Who wanted that.</param>
/// <param name="DrainReason">The words given with it.</param>
public sealed record NodeSpec(bool Drained, string? DrainedBy = null, DateTimeOffset? DrainedAt = null, string? DrainReason = null);

/// <summary>What is true of a coordinator now.</summary>
/// <param name="Phase"><c>Live</c>, <c>Draining</c> (lives and gives up, or has given up, its shards), <c>Dead</c>.</param>
/// <param name="Reason">One sentence behind the phase; empty when Live.</param>
/// <param name="Shards">It decides for.</param>
/// <param name="Hosts">Whose link stands there.</param>
public sealed record NodeStatus(string Phase, string Reason, int Shards, int Hosts)
{
    /// <summary>Of its program.</summary>
    public string? Version { get; init; }

    /// <summary>Of what it speaks with agents and other coordinators, e.g. <c>1.1</c>.</summary>
    public string? Contracts { get; init; }

    /// <summary>Where its API listens, on its own machine.</summary>
    public string? Address { get; init; }

    /// <summary>Its last sign of life, on the store's clock.</summary>
    public DateTimeOffset SeenAt { get; init; }

    /// <summary>How far its clock is ahead of the store's.</summary>
    public double? ClockAheadMs { get; init; }

    public DateTimeOffset? CertificateUntil { get; init; }

    /// <summary>Legal actions now, as words of this API (<c>drain</c>, <c>undrain</c>).</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}
