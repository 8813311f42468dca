namespace Coordinator.Adapters.RabbitMq;

/// <summary>Why a line is of no more use. Any thread, also the client's own: who waits is woken, and goes on elsewhere.</summary>
internal sealed class LineEnd(params Signal[] waiting)
{
    private volatile string? _why;

    /// <summary>In words, the first reason; null while it is good.</summary>
    public string? Why => _why;

    public void Because(string why)
    {
        Interlocked.CompareExchange(ref _why, why, null);
        foreach (var signal in waiting) signal.Set();
    }
}
