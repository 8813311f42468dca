using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>The writing of a synthetic guest.</summary>
/// <param name="WorkingSet">Memory that is written again and again; at most the guest's RAM.</param>
/// <param name="DirtyRate">4 KiB pages touched per second × 4096.</param>
/// <param name="Ledger">
/// Path of a UNIX datagram socket of an outside witness that gets <c>vm epoch host counter</c> lines, or null. It proves from outside
/// that there is never a second writer, a gap or a rollback.
/// </param>
public sealed record SyntheticLoad(ByteCount WorkingSet, ByteRate DirtyRate, string? Ledger = null);
