namespace Coordinator.Shared.Convergence;

/// <summary>What the convergence rule says at a round boundary, with the numbers it rests on.</summary>
/// <param name="Verdict">What to do now.</param>
/// <param name="ExpectedBlackout">If the guest were stopped now.</param>
/// <param name="ThrottlePercent">With <see cref="Verdict.Throttle"/>: how much to slow the guest from now on.</param>
/// <param name="Reason">One sentence with the figures, for the event.</param>
public sealed record Forecast(Verdict Verdict, TimeSpan ExpectedBlackout, int ThrottlePercent, string Reason);
