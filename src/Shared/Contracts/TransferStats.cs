using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>Totals of one finished transfer, from the source.</summary>
/// <param name="Sent">All bytes handed to the network.</param>
/// <param name="Resent">Bytes the receiver got twice with the same (chunk, dirty generation): after a restart of the source's agent (design: rule 30).</param>
/// <param name="Rounds">Pre-copy rounds.</param>
/// <param name="Total">From the first byte until the destination has everything.</param>
/// <param name="Pause">From the pause of the vCPUs until the destination has everything: the source's part of the blackout.</param>
public sealed record TransferStats(ByteCount Sent, ByteCount Resent, int Rounds, TimeSpan Total, TimeSpan Pause);
