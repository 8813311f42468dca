using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>
/// Requirements of one migration (design: rule 28). Everything has a default; the resource shows what was used.
/// The defaults stand at the constructor's parameters, because the source-generated JSON reader keeps those and forgets initializers.
/// </summary>
/// <param name="MaxBlackoutMs">Longest expected blackout at which the switchover may start, 1 to 60,000 ms.</param>
/// <param name="DeadlineSeconds">Seconds from request until the migration gives up, if no grant was given; 1 to 604,800.</param>
/// <param name="MaxThrottlePercent">How far the guest may be slowed down to converge, 0 (never) to 99 percent.</param>
/// <param name="Streams">Parallel memory streams, 1 to 16.</param>
/// <param name="MaxBandwidth">Upper bound of what the memory streams send together; null means unlimited.</param>
/// <param name="Verify"><c>digest</c> (page hashes of both sides at switchover) or <c>full</c> (rehash of the whole memory at the destination before it may run).</param>
/// <param name="OnNonConverging">What to do when the forecast does not reach the limit: <c>rollBack</c>, <c>force</c>; <c>postCopy</c> is refused until that mode exists.</param>
/// <param name="MaxRounds">Pre-copy rounds after which the migration counts as not converging, 2 to 1,000.</param>
/// <param name="Retries">Automatic new attempts after an abort that was nobody's decision (a destination's agent died), 0 to 5.</param>
public sealed record MigrationPolicy(
    int MaxBlackoutMs = 300,
    int DeadlineSeconds = 3600,
    int MaxThrottlePercent = 0,
    int Streams = 2,
    ByteRate? MaxBandwidth = null,
    string Verify = "digest",
    string OnNonConverging = "rollBack",
    int MaxRounds = 30,
    int Retries = 2)
{
    public static readonly MigrationPolicy Default = new();
}
