namespace HostNode.Hypervisors.Qemu;

/// <summary>Wakes one waiting task; a signal that finds nobody waiting is kept, further ones join it.</summary>
internal sealed class Signal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0, 1);

    public void Set()
    {
        lock (_set)
        {
            if (_set.CurrentCount == 0) _set.Release();
        }
    }

    /// <summary>Returns at a signal or after the time.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken stop)
    {
        // A source with its own delay: a timer of ours could fire once more after its source was disposed, and end the process.
        using var late = new CancellationTokenSource(atMost, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop, late.Token);
        try
        {
            await _set.WaitAsync(ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // The time is over.
        }
    }

    public void Dispose() => _set.Dispose();
}
