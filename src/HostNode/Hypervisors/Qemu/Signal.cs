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
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var timer = time.CreateTimer(_ => ends.Cancel(), null, atMost, Timeout.InfiniteTimeSpan);
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
