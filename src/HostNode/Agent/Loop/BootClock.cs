using HostNode.Agent.Linux;

namespace HostNode.Agent.Loop;

/// <summary>
/// Wall time read once, then advanced by the kernel's time since boot, which counts suspend and never jumps: deadlines inside orders
/// are durations from receipt (design: rule 14).
/// </summary>
public sealed class BootClock : TimeProvider
{
    private readonly DateTimeOffset _wallAtStart = System.GetUtcNow();
    private readonly TimeSpan _bootAtStart = Libc.SinceBoot();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _wallAtStart + (Libc.SinceBoot() - _bootAtStart);

    public override long GetTimestamp() => Libc.SinceBoot().Ticks;
}
