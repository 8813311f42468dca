using System.Globalization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace Coordinator.Shared.Convergence;

/// <summary>
/// The pure rule "another round, stop, throttle or give up", asked at every round boundary.
/// Expected blackout = (dirty bytes + bytes still queued in the socket) / bandwidth + round trip + fixed part (pause, scan, digest).
/// A fixed dirty ratio is no downtime promise (5 % of 64 GiB is 29 s at 1 Gbit/s), so it is only a sanity cap.
/// </summary>
public static class ConvergenceRule
{
    /// <summary>Pause + final scan + digest of the native engine, measured 2 to 10 ms.</summary>
    public static readonly TimeSpan FixedPart = TimeSpan.FromMilliseconds(5);

    /// <summary>A round smaller than this says nothing about bandwidth.</summary>
    public static readonly ByteCount SmallestMeasuredRound = ByteCount.FromMebi(8);

    private const int ThrottleStep = 20;

    // Rounds that must fail to shrink the dirty set by this factor before the guest counts as not converging.
    private const double Shrinks = 0.9;
    private const int PatienceRounds = 3;

    /// <param name="rounds">Finished rounds in order, at least one.</param>
    /// <param name="policy">Limit, throttle cap, round cap.</param>
    /// <param name="queued">Bytes handed to sockets and not yet acknowledged by the peer's kernel.</param>
    /// <param name="roundTrip">Of the memory link.</param>
    public static Forecast Decide(IReadOnlyList<RoundFacts> rounds, MigrationPolicy policy, ByteCount queued, TimeSpan roundTrip)
    {
        var last = rounds[^1];
        var transfer = last.Bandwidth.TimeFor(last.Dirty + queued);
        var expected = transfer >= TimeSpan.FromDays(1) ? TimeSpan.FromDays(1) : transfer + roundTrip + FixedPart;
        var limit = TimeSpan.FromMilliseconds(policy.MaxBlackoutMs);
        if (expected <= limit)
        {
            return new Forecast(Verdict.Ready, expected, last.ThrottlePercent, Say("within", expected, limit, last));
        }

        var outOfRounds = last.Round >= policy.MaxRounds;
        if (!outOfRounds && !IsStuck(rounds)) return new Forecast(Verdict.Continue, expected, last.ThrottlePercent, Say("not yet within", expected, limit, last));
        if (!outOfRounds && last.ThrottlePercent < policy.MaxThrottlePercent)
        {
            var throttle = Math.Min(policy.MaxThrottlePercent, last.ThrottlePercent + ThrottleStep);
            return new Forecast(Verdict.Throttle, expected, throttle, Say($"throttling to {throttle} %: not converging to", expected, limit, last));
        }

        if (!outOfRounds && last.Round < PatienceRounds * 2) return new Forecast(Verdict.Continue, expected, last.ThrottlePercent, Say("not converging yet to", expected, limit, last));
        return policy.OnNonConverging == "force"
            ? new Forecast(Verdict.Force, expected, last.ThrottlePercent, Say("forced although outside", expected, limit, last))
            : new Forecast(Verdict.GiveUp, expected, last.ThrottlePercent, Say($"giving up after {last.Round} rounds: does not reach", expected, limit, last));
    }

    // Stuck: over the last rounds the dirty set has not become noticeably smaller than the smallest seen before them.
    private static bool IsStuck(IReadOnlyList<RoundFacts> rounds)
    {
        if (rounds.Count <= PatienceRounds) return false;
        var before = long.MaxValue;
        var recent = long.MaxValue;
        for (var i = 0; i < rounds.Count; i++)
        {
            if (i < rounds.Count - PatienceRounds) before = Math.Min(before, rounds[i].Dirty.Value);
            else recent = Math.Min(recent, rounds[i].Dirty.Value);
        }

        return recent > before * Shrinks;
    }

    private static string Say(string relation, TimeSpan expected, TimeSpan limit, RoundFacts last) => string.Create(
        CultureInfo.InvariantCulture,
        $"expected blackout {expected.TotalMilliseconds:0} ms, {relation} the limit of {limit.TotalMilliseconds:0} ms: {last.Dirty} dirty, sending {last.Bandwidth}, dirtying {last.DirtyRate}");
}
