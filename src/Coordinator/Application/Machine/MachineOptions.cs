using Coordinator.Domain.Permits;

namespace Coordinator.Application.Machine;

/// <summary>What the machine needs to know of its node.</summary>
public sealed record MachineOptions
{
    public required string Node { get; init; }

    public required int ShardCount { get; init; }

    /// <summary>Goes into the envelope of every event.</summary>
    public required string CodeVersion { get; init; }

    public PermitLimits Permits { get; init; } = PermitLimits.Default;

    /// <summary>First pause before something pending is sent again; it grows fourfold up to <see cref="SendAgainMax"/>.</summary>
    public TimeSpan SendAgainMin { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan SendAgainMax { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A snapshot is taken each so many events. Losing all of them costs time only.</summary>
    public int SnapshotEvery { get; init; } = 200;
}
