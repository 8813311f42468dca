using System.Diagnostics;
using HostNode.Hypervisors;

namespace Qemu.Tests.Support;

/// <summary>Keeps what a driver tells, in order, and waits for what is to come.</summary>
public sealed class RecordingSink : IHypervisorSink
{
    private readonly Lock _lock = new();
    private readonly List<HypervisorEvent> _told = [];
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<HypervisorEvent> Told
    {
        get
        {
            lock (_lock) return [.. _told];
        }
    }

    public void Post(HypervisorEvent happened)
    {
        lock (_lock)
        {
            _told.Add(happened);
            _news.SetResult();
            _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The first event of this kind from a position on; fails with all that was told if none comes.</summary>
    public async Task<T> WaitForAsync<T>(Func<T, bool>? match = null, int from = 0, int seconds = 60)
        where T : HypervisorEvent
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            Task news;
            lock (_lock)
            {
                var found = _told.Skip(from).OfType<T>().FirstOrDefault(e => match?.Invoke(e) ?? true);
                if (found is not null) return found;
                news = _news.Task;
            }

            var left = TimeSpan.FromSeconds(seconds) - clock.Elapsed;
            if (left <= TimeSpan.Zero || await Task.WhenAny(news, Task.Delay(left)) != news) throw new TimeoutException($"no {typeof(T).Name} in {seconds} s; told: {Summary()}");
        }
    }

    public int Count
    {
        get
        {
            lock (_lock) return _told.Count;
        }
    }

    public string Summary() => string.Join("; ", Told.Where(e => e is not OutgoingProgress).TakeLast(12).Select(e => e.ToString()));
}
