namespace Simulator;

/// <summary>What one seed showed.</summary>
/// <param name="TraceHash">Same seed, same hash: over every step of virtual time, every decided event and every start of a guest.</param>
/// <param name="Migrations">Requested, and ended.</param>
/// <param name="SettledAfter">Virtual time from the last fault until nothing was open and nobody waited.</param>
/// <param name="Seen">How often the interesting cases were met.</param>
/// <param name="Faults">Faults put in, by kind.</param>
public sealed record SimResult(
    ulong Seed, ulong TraceHash, int Migrations, long Steps, IReadOnlyList<string> Violations, TimeSpan SettledAfter, Counts Seen, Counts Faults,
    IReadOnlyList<(string Name, string Kind, TimeSpan At)> Happened, IReadOnlyList<string> Trace);
