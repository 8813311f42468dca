namespace Agent.Tests.Loop;

/// <summary>A clock that stands until it is told to move.</summary>
internal sealed class ManualClock : TimeProvider
{
    private long _ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan by) => _ticks += by.Ticks;

    public override long GetTimestamp() => _ticks;

    public override DateTimeOffset GetUtcNow() => Security.TestAuthority.Noon.AddTicks(_ticks);
}
