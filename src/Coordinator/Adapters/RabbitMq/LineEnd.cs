namespace Coordinator.Adapters.RabbitMq;

/// <summary>Why a line is of no more use. Any thread, also the client's own: who waits is woken, and goes on elsewhere.</summary>
internal sealed class LineEnd(params Signal[] waiting)
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _why;

    /// <summary>In words, the first reason; null while it is good.</summary>
    public string? Why => _why;

    /// <summary>Ends when there is a reason.</summary>
    public Task Reached => _reached.Task;

    public void Because(string why)
    {
        Interlocked.CompareExchange(ref _why, why, null);
        _reached.TrySetResult();
        foreach (var signal in waiting) signal.Set();
    }
}
