using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>One finished pre-copy round, as measured by the engine.</summary>
/// <param name="Round">From 1. Round 1 sends all populated memory, later rounds what was dirtied.</param>
/// <param name="Sent">Bytes handed to the network, headers included.</param>
/// <param name="Duration">Wall time of the round.</param>
/// <param name="Dirty">Bytes of guest memory that still differ at its end.</param>
/// <param name="Bandwidth">Measured over this and earlier rounds, weighted by size; zero until known.</param>
/// <param name="DirtyRate">Bytes of newly dirtied pages per second of this round.</param>
/// <param name="ThrottlePercent">How much the guest was slowed during the round.</param>
public sealed record RoundFacts(
    int Round, ByteCount Sent, TimeSpan Duration, ByteCount Dirty, ByteRate Bandwidth, ByteRate DirtyRate, int ThrottlePercent);
