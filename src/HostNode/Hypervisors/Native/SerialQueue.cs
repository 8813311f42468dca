namespace HostNode.Hypervisors.Native;

/// <summary>Runs actions one after another, in order, on a thread of its own that exists only while there is work.</summary>
internal sealed class SerialQueue(string name)
{
    private readonly Queue<Action> _waiting = new();
    private readonly Lock _gate = new();
    private bool _running;

    public void Post(Action action)
    {
        lock (_gate)
        {
            _waiting.Enqueue(action);
            if (_running) return;
            _running = true;
        }

        new Thread(Drain) { IsBackground = true, Name = name }.Start();
    }

    /// <summary>Runs an action after all that was posted before it and waits for its result.</summary>
    public T Ask<T>(Func<T> question)
    {
        using var done = new ManualResetEventSlim();
        T? answer = default;
        Post(() =>
        {
            answer = question();
            done.Set();
        });
        done.Wait();
        return answer!;
    }

    private void Drain()
    {
        while (true)
        {
            Action action;
            lock (_gate)
            {
                if (!_waiting.TryDequeue(out action!))
                {
                    _running = false;
                    return;
                }
            }

            action();
        }
    }
}
