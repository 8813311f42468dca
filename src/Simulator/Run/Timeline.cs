namespace Simulator;

/// <summary>
/// Virtual time: things happen in the order of their times, and of their making within one time. One thread. A binary heap of its own,
/// because half of a simulated migration's cost would otherwise be comparisons through interfaces.
/// </summary>
public sealed class Timeline
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private (long At, long Number, Action Happens)[] heap = new (long, long, Action)[256];
    private int count;
    private long number;
    private long elapsed;

    public DateTimeOffset Now { get; private set; } = Start;

    public TimeSpan Elapsed => new(elapsed);

    public long Steps { get; private set; }

    /// <summary>Over the time and number of every step: two runs with the same value did the same things at the same times.</summary>
    public ulong Hash { get; private set; } = 14695981039346656037UL;

    public void After(TimeSpan delay, Action happens)
    {
        if (count == heap.Length) Array.Resize(ref heap, count * 2);
        var at = elapsed + delay.Ticks;
        var n = number++;
        var i = count++;
        while (i > 0)
        {
            var parent = (i - 1) >> 1;
            if (heap[parent].At < at || (heap[parent].At == at && heap[parent].Number < n)) break;
            heap[i] = heap[parent];
            i = parent;
        }

        heap[i] = (at, n, happens);
    }

    /// <summary>Lets the next thing happen; false when nothing is left before <paramref name="until"/>.</summary>
    public bool Step(TimeSpan until)
    {
        if (count == 0 || heap[0].At > until.Ticks) return false;
        var (at, n, happens) = heap[0];
        RemoveFirst();
        elapsed = at;
        Now = Start.AddTicks(at);
        Steps++;
        Mix((ulong)at ^ ((ulong)n << 40));
        happens();
        return true;
    }

    /// <summary>Adds something that happened to the hash.</summary>
    public void Mix(ulong what) => Hash = (Hash ^ what) * 1099511628211UL;

    private void RemoveFirst()
    {
        var last = heap[--count];
        heap[count] = default;
        if (count == 0) return;
        var i = 0;
        while (true)
        {
            var child = (2 * i) + 1;
            if (child >= count) break;
            if (child + 1 < count && IsBefore(child + 1, child)) child++;
            if (last.At < heap[child].At || (last.At == heap[child].At && last.Number < heap[child].Number)) break;
            heap[i] = heap[child];
            i = child;
        }

        heap[i] = last;
    }

    private bool IsBefore(int a, int b) => heap[a].At < heap[b].At || (heap[a].At == heap[b].At && heap[a].Number < heap[b].Number);
}
