using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>A guest of an instance in numbers: bytes, seconds, indices.</summary>
internal sealed class Mover(int index, PlanGuest guest, int host, int flight)
{
    public int Index { get; } = index;

    public PlanGuest Guest { get; } = guest;

    public string Name => Guest.Name;

    public int Host { get; } = host;

    /// <summary>Where it is under way to; -1 = it is not.</summary>
    public int Flight { get; } = flight;

    /// <summary>What its hosts must have; the index of a <see cref="HostClass"/>.</summary>
    public int Class { get; set; }

    /// <summary>Anti-affinity group, -1 = none.</summary>
    public int Apart { get; init; } = -1;

    /// <summary>Affinity group, -1 = none.</summary>
    public int Together { get; init; } = -1;

    public double Memory { get; } = guest.Memory.Value;

    public double Cpus { get; } = guest.Cpus;

    public double ToSend { get; } = guest.InFlight?.Remaining.Value ?? guest.Memory.Value;

    public double HotSet { get; init; } = Math.Min(guest.Memory.Value, guest.HotSet?.Value ?? guest.Memory.Value);

    public double DirtyRate { get; init; } = guest.DirtyRate.Value;

    public double BlackoutMax { get; } = (guest.Policy ?? MigrationPolicy.Default).MaxBlackoutMs / 1000.0;

    public int RoundsMax { get; } = (guest.Policy ?? MigrationPolicy.Default).MaxRounds;

    public double RateMax { get; } = guest.Policy?.MaxBandwidth?.Value ?? double.PositiveInfinity;
}
