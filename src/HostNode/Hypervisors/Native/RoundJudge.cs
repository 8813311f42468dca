using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;
using HostNode.Engine.Transfer;

namespace HostNode.Hypervisors.Native;

/// <summary>
/// Asks the rule of convergence at each boundary. Rounds made only because nobody has said "stop" yet are not counted and not
/// reported again: waiting for a grant must not use up the rounds of the policy, nor flood the coordinator.
/// </summary>
internal sealed class RoundJudge
{
    private readonly List<RoundFacts> _reported = [];
    private bool _waiting;

    /// <param name="first">Number of the first round of this run.</param>
    /// <returns>The facts, the rule's word, and whether this boundary is news.</returns>
    public (RoundFacts Facts, Forecast Forecast, bool IsNews) Judge(RoundMeasured round, MigrationPolicy policy, bool force)
    {
        var number = (_reported.Count == 0 ? 0 : _reported[^1].Round) + 1;
        var facts = new RoundFacts(number, round.Sent, round.Duration, round.Dirty, round.Bandwidth, round.DirtyRate, round.ThrottlePercent);
        var forecast = ConvergenceRule.Decide([.. _reported, facts], policy, ByteCount.Zero, round.RoundTrip);
        if (force && forecast.Verdict is not (Verdict.Ready or Verdict.Force))
            forecast = forecast with { Verdict = Verdict.Force, Reason = "forced by order; " + forecast.Reason };
        var ready = forecast.Verdict is Verdict.Ready or Verdict.Force;
        var news = !(ready && _waiting);
        if (news) _reported.Add(facts);
        _waiting = ready;
        return (facts, forecast, news);
    }
}
