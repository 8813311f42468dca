namespace HostNode.GuestHolder;

/// <summary>Stops and starts all vCPUs together. Starts closed. Allocates nothing on the threads that pass through.</summary>
internal sealed class VcpuGate(int vcpus) : IDisposable
{
    private readonly ManualResetEvent _closing = new(true);
    private readonly ManualResetEvent _open = new(false);
    private readonly object _lock = new();
    private volatile bool _closed = true;
    private int _parked;

    /// <summary>A vCPU looks here after every page.</summary>
    public bool IsClosed => _closed;

    /// <summary>Returns once every vCPU stands still, with all its writes and marks done.</summary>
    public void Close()
    {
        _open.Reset();
        _closed = true;
        _closing.Set();
        Await(vcpus);
    }

    /// <summary>Returns once every vCPU runs.</summary>
    public void Open()
    {
        _closed = false;
        _closing.Reset();
        _open.Set();
        Await(0);
    }

    /// <summary>Where a vCPU waits while closed.</summary>
    public void Park()
    {
        Move(+1);
        _open.WaitOne();
        Move(-1);
    }

    /// <summary>A vCPU's idle time; ends early when the gate closes.</summary>
    public void Idle(int milliseconds) => _closing.WaitOne(milliseconds);

    public void Dispose()
    {
        _closing.Dispose();
        _open.Dispose();
    }

    private void Move(int change)
    {
        lock (_lock)
        {
            _parked += change;
            Monitor.PulseAll(_lock);
        }
    }

    private void Await(int parked)
    {
        lock (_lock)
        {
            while (_parked != parked) Monitor.Wait(_lock);
        }
    }
}
