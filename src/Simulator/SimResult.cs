namespace Simulator;

/// <summary>What one seed showed.</summary>
/// <param name="TraceHash">Same seed, same hash: over every decided event and every start of a guest.</param>
public sealed record SimResult(ulong Seed, ulong TraceHash, int Migrations, long Steps, IReadOnlyList<string> Violations, Counts Counts, IReadOnlyList<string> Trace);
