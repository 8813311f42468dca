using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Asks the rule of convergence at each boundary. Rounds that QEMU makes only because nobody has said "stop" yet are neither counted nor
/// told: waiting for a grant must not use up the rounds of the policy, nor flood the coordinator.
/// </summary>
internal sealed class RoundLog
{
    private readonly List<RoundFacts> _told = [];
    private bool _waiting;

    /// <param name="fixedPart">What the switchover costs besides the bytes.</param>
    /// <returns>The round, numbered as told, and the rule's word; null if this boundary is no news.</returns>
    public (RoundFacts Facts, Forecast Forecast)? Judge(RoundFacts round, MigrationPolicy policy, bool force, TimeSpan fixedPart)
    {
        var facts = round with { Round = _told.Count + 1 };
        var forecast = ConvergenceRule.Decide([.. _told, facts], policy, ByteCount.Zero, fixedPart);
        if (force && forecast.Verdict != Verdict.Ready)
        {
            forecast = forecast with { Verdict = Verdict.Force, Reason = "forced by order; " + forecast.Reason };
        }

        var ready = forecast.Verdict is Verdict.Ready or Verdict.Force;
        var isNews = !(ready && _waiting);
        _waiting = ready;
        if (!isNews) return null;
        _told.Add(facts);
        return (facts, forecast);
    }
}
