using System.Collections.Immutable;
using Coordinator.Shared.Identity;

namespace Coordinator.Domain.Permits;

/// <summary>How many migrations may run at once: one owner a pool, for every migration, direct ones too (design: rule 3).</summary>
public sealed record PermitsState
{
    public static readonly PermitsState Initial = new();

    public ImmutableDictionary<string, Permit> Granted { get; init; } = ImmutableDictionary<string, Permit>.Empty;

    /// <summary>Who waits, first come first served; one that does not fit lets others pass.</summary>
    public ImmutableList<Permit> Waiting { get; init; } = ImmutableList<Permit>.Empty;

    public ImmutableDictionary<HostId, int> Leaving { get; init; } = ImmutableDictionary<HostId, int>.Empty;

    public ImmutableDictionary<HostId, int> Arriving { get; init; } = ImmutableDictionary<HostId, int>.Empty;

    /// <summary>Tombstones of returned permits, in two generations: a full one pushes the other out, so the newest <see cref="ReturnedMin"/> at least are kept.</summary>
    public ImmutableHashSet<string> Returned { get; init; } = ImmutableHashSet<string>.Empty;

    public ImmutableHashSet<string> ReturnedBefore { get; init; } = ImmutableHashSet<string>.Empty;

    public const int ReturnedMin = 2048;

    public bool WasReturned(string claim) => Returned.Contains(claim) || ReturnedBefore.Contains(claim);
}

/// <param name="Claim">Names it for ever.</param>
/// <param name="ReplyStream">Whose it is.</param>
public sealed record Permit(string Claim, HostId Source, HostId Destination, string ReplyStream, int ReplyShard);

/// <summary>Caps of a pool, all at least 1.</summary>
public sealed record PermitLimits(int Global, int PerSource, int PerDestination)
{
    public static readonly PermitLimits Default = new(256, 4, 4);
}
