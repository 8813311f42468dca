using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts.Api;

/// <summary>One migration, from request to closed. It is the long-running operation itself: there is no other object to poll.</summary>
public sealed record MigrationResource(string Kind, Metadata Metadata, MigrationSpec Spec, MigrationStatus Status)
{
    public const string KindName = "Migration";
}

/// <summary>What was asked for, defaults filled in.</summary>
public sealed record MigrationSpec(string Vm, string Source, string Destination, MigrationPolicy Policy);

/// <summary>What is true of a migration now; every figure comes from its events, except the live sample in <see cref="Transfer"/>.</summary>
/// <param name="Phase">
/// <c>Prechecking</c>, <c>Queued</c>, <c>Reserving</c>, <c>Preparing</c>, <c>PreCopying</c>, <c>SwitchingOver</c>, <c>Cancelling</c>,
/// <c>GoingForward</c>, <c>Settling</c> (the outcome is known, hosts clean up), <c>Held</c>, <c>Closed</c>.
/// </param>
/// <param name="Verdict">One sentence: where it stands and what it waits for.</param>
/// <param name="Epoch">The attempt: grows by one each time, enforced by the hosts.</param>
public sealed record MigrationStatus(string Phase, string Verdict, long Epoch)
{
    /// <summary><c>Completed</c>, <c>Aborted</c>, <c>Lost</c>, <c>Held</c>; null until there is one.</summary>
    public string? Outcome { get; init; }

    /// <summary>For Completed: <c>Verified</c> or <c>Degraded</c>, null until the check came back.</summary>
    public string? Quality { get; init; }

    /// <summary>Stable word for the cause of the outcome, e.g. <c>cancelled</c>, <c>notConverging</c>.</summary>
    public string? Code { get; init; }

    /// <summary>One sentence: why it ended as it did.</summary>
    public string? Reason { get; init; }

    /// <summary>Set once somebody asked for cancellation: <c>requested</c>, <c>cancelled</c>, <c>tooLate</c>.</summary>
    public string? Cancel { get; init; }

    /// <summary>Finished pre-copy rounds.</summary>
    public int Round { get; init; }

    /// <summary>Live numbers, or those of the last round; null before the first.</summary>
    public TransferStatus? Transfer { get; init; }

    /// <summary>Every finished round, oldest first.</summary>
    public IReadOnlyList<RoundFacts> Rounds { get; init; } = [];

    /// <summary>Expected blackout if the guest were stopped now.</summary>
    public double? ForecastMs { get; init; }

    /// <summary>How much the guest is slowed to converge.</summary>
    public int ThrottlePercent { get; init; }

    /// <summary>No vCPU ran anywhere for this long.</summary>
    public double? BlackoutMs { get; init; }

    /// <summary>Digest of the memory, found equal on both hosts before the destination was allowed to run.</summary>
    public string? Digest { get; init; }

    /// <summary>Bytes the receiver got twice with the same content: only after a restart of the source's agent.</summary>
    public ByteCount? Resent { get; init; }

    /// <summary>All bytes handed to the network by this attempt.</summary>
    public ByteCount? Sent { get; init; }

    /// <summary>What must still happen before it can go on or be closed, one sentence each.</summary>
    public IReadOnlyList<string> WaitingOn { get; init; } = [];

    /// <summary>What the prechecks found.</summary>
    public IReadOnlyList<Problem> Problems { get; init; } = [];

    /// <summary>Which coordinator decides for it now.</summary>
    public OwnerStatus? Owner { get; init; }

    /// <summary>How many times another coordinator process took it over while it was open.</summary>
    public int Resumes { get; init; }

    /// <summary>The evacuation that asked for it; null if it was asked for by itself.</summary>
    public string? Evacuation { get; init; }

    /// <summary>The attempt before this one, if this is an automatic retry.</summary>
    public string? RetryOf { get; init; }

    /// <summary>The attempt after this one, if it was retried automatically.</summary>
    public string? RetriedBy { get; init; }

    /// <summary>When the outcome was decided.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When both hosts had attested that nothing is left.</summary>
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>Legal actions now, as words of this API (<c>cancel</c>, <c>forceSwitchover</c>, <c>resolve</c>).</summary>
    public IReadOnlyList<string> Actions { get; init; } = [];
}

/// <summary>How the copying goes. Never a lone percentage: remaining bytes, what is sent, what is dirtied, and their ratio.</summary>
/// <param name="Ratio">Dirty rate / bandwidth: at or above 1 the guest writes faster than the link carries. Null while the bandwidth is unknown.</param>
/// <param name="Live">True for a sample between rounds, false for the figures of the last finished round.</param>
public sealed record TransferStatus(ByteCount Sent, ByteCount Remaining, ByteRate Bandwidth, ByteRate DirtyRate, double? Ratio, bool Live);

/// <summary>Who decides: the node and its term for the shard.</summary>
public sealed record OwnerStatus(string Node, int Shard, long Term);
