using Coordinator.Shared.Convergence;

namespace Coordinator.Domain.Evacuations.Planning;

/// <summary>What a migration costs at a constant rate.</summary>
/// <param name="Bytes">All rounds and stop-and-copy.</param>
/// <param name="Seconds">From the first byte until it runs at the destination.</param>
/// <param name="Converges">The blackout is within the guest's limit.</param>
internal readonly record struct Transfer(double Bytes, double Seconds, double Blackout, bool Converges);

/// <summary>
/// Pre-copy in rounds: each carries what was dirtied during the one before it, at most the hot set; stop when what is left passes
/// within the blackout limit. Reference: V_i = min(W, D * V_(i-1) / B). Pure.
/// </summary>
internal static class PreCopy
{
    /// <summary>From this round on a dirty set that no longer shrinks ends pre-copy (the convergence rule's patience, twice).</summary>
    public const int PatienceRounds = 6;

    /// <summary>A dirty set of more than this share of the one before it does not shrink.</summary>
    public const double Shrinks = 0.9;

    public static readonly double FixedSeconds = ConvergenceRule.FixedPart.TotalSeconds;

    /// <param name="rate">Bytes per second, more than 0.</param>
    public static Transfer At(Mover guest, double rate)
    {
        var (bytes, left) = (0.0, guest.ToSend);
        for (var round = 1; ; round++)
        {
            var before = left;
            bytes += left;
            left = Math.Min(guest.HotSet, guest.DirtyRate * left / rate);
            var blackout = (left / rate) + FixedSeconds;
            var fits = blackout <= guest.BlackoutMax;
            if (fits || IsOver(round, left, before, guest.RoundsMax)) return new Transfer(bytes + left, ((bytes + left) / rate) + FixedSeconds, blackout, fits);
        }
    }

    public static bool IsOver(int round, double left, double before, int roundsMax) => round >= roundsMax || (round >= PatienceRounds && left > before * Shrinks);

    /// <summary>
    /// Bytes that no schedule can spare. By induction a slower transfer dirties at least as much in each round (v_i = min(W, D v_(i-1) / R) grows
    /// as R falls) and what it must get down to (R * limit) is smaller, so it has no fewer rounds, except that one which does not
    /// converge may end after <see cref="PatienceRounds"/>, or after the guest's own most: rounds beyond those are not counted.
    /// </summary>
    /// <param name="fastest">No path of this guest is faster.</param>
    public static double LeastBytes(Mover guest, double fastest)
    {
        var (bytes, left) = (0.0, guest.ToSend);
        for (var round = 1; round <= Math.Min(PatienceRounds, guest.RoundsMax); round++)
        {
            bytes += left;
            left = Math.Min(guest.HotSet, guest.DirtyRate * left / fastest);
            if ((left / fastest) + FixedSeconds <= guest.BlackoutMax) break;
        }

        return bytes + left;
    }
}
