using Coordinator.Shared.Units;

namespace HostNode.Engine.Transfer;

/// <summary>One finished round.</summary>
/// <param name="Round">From 1, through all agents of the attempt.</param>
/// <param name="Sent">Bytes of frames of this round.</param>
/// <param name="Duration">Until the destination acknowledged all of it.</param>
/// <param name="Dirty">Pages written since they were copied, in bytes; nothing else differs, for nothing is in flight at a boundary.</param>
/// <param name="Bandwidth">Over this and earlier rounds, see <see cref="BandwidthMeter"/>.</param>
/// <param name="DirtyRate">Newly dirtied bytes per second of the round.</param>
/// <param name="RoundTrip">Of the memory link, shortest seen.</param>
public sealed record RoundMeasured(
    int Round, ByteCount Sent, TimeSpan Duration, ByteCount Dirty, ByteRate Bandwidth, ByteRate DirtyRate, int ThrottlePercent, TimeSpan RoundTrip, ByteCount SentTotal);
