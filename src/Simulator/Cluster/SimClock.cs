namespace Simulator;

/// <summary>A node's clock: monotonic within a process, at a rate of its own.</summary>
public sealed class SimClock(Timeline time)
{
    private DateTimeOffset anchor = Timeline.Start;
    private TimeSpan anchoredAt;
    private int percent = 100;

    public DateTimeOffset Now => anchor + new TimeSpan((time.Elapsed - anchoredAt).Ticks * percent / 100);

    /// <summary>A process starts: it reads the time once and counts on from there.</summary>
    public void Start(DateTimeOffset now, int ratePercent)
    {
        anchor = now;
        anchoredAt = time.Elapsed;
        percent = ratePercent;
    }
}
