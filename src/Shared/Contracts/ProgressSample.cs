using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>Live numbers between rounds. Never an event; the newest one wins and any may be lost.</summary>
public sealed record ProgressSample(
    MigrationId Migration, int Round, ByteCount Sent, ByteCount Remaining, ByteRate Bandwidth, ByteRate DirtyRate, int ThrottlePercent);
