using System.Collections.Concurrent;
using HostNode.Hypervisors;

namespace Agent.Tests.Fake;

/// <summary>Keeps what a driver says, in order.</summary>
internal sealed class RecordingSink : IHypervisorSink
{
    private readonly BlockingCollection<HypervisorEvent> _events = [];

    public void Post(HypervisorEvent happened) => _events.Add(happened);

    /// <summary>The next event of that kind; others before it are skipped.</summary>
    public T Next<T>()
        where T : HypervisorEvent
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            if (_events.Take(patience.Token) is T wanted) return wanted;
        }
    }
}
