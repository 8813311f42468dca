using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>Requirements of one migration (design: rule 28). Everything has a default; the resource shows what was used.</summary>
public sealed record MigrationPolicy
{
    public static readonly MigrationPolicy Default = new();

    /// <summary>Longest expected blackout at which the switchover may start, 1 to 60,000 ms.</summary>
    public int MaxBlackoutMs { get; init; } = 300;

    /// <summary>Seconds from request until the migration gives up, if no grant was given; 1 to 604,800.</summary>
    public int DeadlineSeconds { get; init; } = 3600;

    /// <summary>How far the guest may be slowed down to converge, 0 (never) to 99 percent.</summary>
    public int MaxThrottlePercent { get; init; }

    /// <summary>Parallel memory streams, 1 to 16.</summary>
    public int Streams { get; init; } = 2;

    /// <summary>Upper bound of what the memory streams send together; null means unlimited.</summary>
    public ByteRate? MaxBandwidth { get; init; }

    /// <summary><c>digest</c> (page hashes of both sides at switchover) or <c>full</c> (rehash of the whole memory at the destination before it may run).</summary>
    public string Verify { get; init; } = "digest";

    /// <summary>What to do when the forecast does not reach the limit: <c>rollBack</c>, <c>force</c>; <c>postCopy</c> is refused until that mode exists.</summary>
    public string OnNonConverging { get; init; } = "rollBack";

    /// <summary>Pre-copy rounds after which the migration counts as not converging, 2 to 1,000.</summary>
    public int MaxRounds { get; init; } = 30;

    /// <summary>Automatic new attempts after an abort that was nobody's decision (a destination's agent died), 0 to 5.</summary>
    public int Retries { get; init; } = 2;
}
