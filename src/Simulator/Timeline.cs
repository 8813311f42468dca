namespace Simulator;

/// <summary>Virtual time: things happen in the order of their times, and of their making within one time. One thread.</summary>
public sealed class Timeline
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly PriorityQueue<Action, (DateTimeOffset At, long Number)> queue = new();
    private long number;

    public DateTimeOffset Now { get; private set; } = Start;

    public long Steps { get; private set; }

    public TimeSpan Elapsed => Now - Start;

    public void After(TimeSpan delay, Action happens) => queue.Enqueue(happens, (Now + delay, number++));

    /// <summary>Lets the next thing happen; false when nothing is left before <paramref name="until"/>.</summary>
    public bool Step(TimeSpan until)
    {
        if (!queue.TryPeek(out _, out var next) || next.At > Start + until) return false;
        var happens = queue.Dequeue();
        Now = next.At;
        Steps++;
        happens();
        return true;
    }
}
