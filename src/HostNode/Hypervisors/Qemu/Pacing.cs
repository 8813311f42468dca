using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// How fast QEMU may send while it is held in pre-copy. Unpaced it would read the dirty log hundreds of times a second, under its big lock,
/// and fill the line with the same pages again (measured: 500 rounds and 100 MB a second for a guest that writes 8 MB/s). Paced, a round
/// takes 0.2 to 0.3 s, so what is dirty at its end is what the guest dirties in that time.
/// </summary>
internal static class Pacing
{
    /// <summary>
    /// QEMU spends its bandwidth in windows of this length: it sends what the window allows, then sleeps to its end whatever it is told.
    /// </summary>
    public static readonly TimeSpan Window = TimeSpan.FromMilliseconds(100);

    /// <summary>No limit but the line. Far above any line, far below what QEMU's arithmetic takes.</summary>
    public static readonly ByteRate Unlimited = new(1_000_000_000_000);

    /// <summary>Four pages a window.</summary>
    public static readonly ByteRate Slowest = new(4 * 4096 * 10);

    private const double RoundSeconds = 0.2;

    /// <param name="remaining">Bytes of this round not yet sent.</param>
    /// <param name="dirtyRate">Of the slowest of the last rounds; below it a round would never end.</param>
    /// <param name="ceiling">The policy's limit, or <see cref="Unlimited"/>.</param>
    public static ByteRate Next(ByteCount remaining, ByteRate dirtyRate, ByteRate ceiling)
    {
        var pace = Math.Max(Math.Max((long)(remaining.Value / RoundSeconds), dirtyRate.Value), Slowest.Value);
        return new ByteRate(Math.Min(pace, ceiling.Value));
    }
}
