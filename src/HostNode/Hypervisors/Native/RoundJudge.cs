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

    // Rounds of an agent before us: reported numbers go on, but they do not use up our patience.
    private int _before;
    private bool _waiting;

    /// <returns>The facts, the rule's word, and whether this boundary is news.</returns>
    public (RoundFacts Facts, Forecast Forecast, bool IsNews) Judge(RoundMeasured round, MigrationPolicy policy, bool force)
    {
        if (_reported.Count == 0) _before = round.Round - 1;
        var facts = new RoundFacts(_reported.Count + 1, round.Sent, round.Duration, round.Dirty, round.Bandwidth, round.DirtyRate, round.ThrottlePercent);
        var forecast = ConvergenceRule.Decide([.. _reported, facts], policy, ByteCount.Zero, round.RoundTrip);
        if (force && forecast.Verdict is not (Verdict.Ready or Verdict.Force))
            forecast = forecast with { Verdict = Verdict.Force, Reason = "forced by order; " + forecast.Reason };
        var ready = forecast.Verdict is Verdict.Ready or Verdict.Force;
        var news = !(ready && _waiting);
        if (news) _reported.Add(facts);
        _waiting = ready;
        return (facts with { Round = _before + facts.Round }, forecast, news);
    }
}
