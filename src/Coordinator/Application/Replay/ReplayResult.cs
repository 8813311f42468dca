namespace Coordinator.Application.Replay;

/// <summary>What today's code made of a stored history.</summary>
/// <param name="Decisions">Decided again, up to the first difference.</param>
/// <param name="Events">That came out the same.</param>
/// <param name="Difference">Null if all of it did.</param>
public sealed record ReplayResult(int Decisions, int Events, ReplayDifference? Difference);

/// <param name="Version">Of the first event that differs.</param>
/// <param name="Cause">What was decided on.</param>
/// <param name="Then">The event as stored, or that there was none.</param>
/// <param name="Now">The event as today's code decides it, or that there is none.</param>
public sealed record ReplayDifference(int Version, string Cause, string Then, string Now);
