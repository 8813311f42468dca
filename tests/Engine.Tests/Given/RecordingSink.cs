using HostNode.Hypervisors;

namespace Engine.Tests.Given;

/// <summary>Keeps every event and lets a test wait for the one it needs.</summary>
public sealed class RecordingSink : IHypervisorSink
{
    // Generous: only a broken build ever waits this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<HypervisorEvent> _events = [];
    private Action<HypervisorEvent> _reaction = _ => { };
    private int _read;

    public IReadOnlyList<HypervisorEvent> Events
    {
        get
        {
            lock (_events) return [.. _events];
        }
    }

    /// <summary>Does something at once when such an event comes, on the thread that posts it.</summary>
    public void On<T>(Action action) where T : HypervisorEvent => _reaction = happened =>
    {
        if (happened is T) action();
    };

    public void Post(HypervisorEvent happened)
    {
        _reaction(happened);
        lock (_events)
        {
            _events.Add(happened);
            Monitor.PulseAll(_events);
        }
    }

    /// <summary>The next event of this type after those already waited for; fails at once if the transfer or guest failed instead.</summary>
    public T Next<T>(Func<T, bool>? which = null) where T : HypervisorEvent => Next(which, failureIsFatal: true);

    /// <summary>The next event of this type, whatever else happens before it.</summary>
    public T NextFailure<T>() where T : HypervisorEvent => Next<T>(null, failureIsFatal: false);

    private T Next<T>(Func<T, bool>? which, bool failureIsFatal) where T : HypervisorEvent
    {
        lock (_events)
        {
            var deadline = DateTime.UtcNow + Patience;
            while (true)
            {
                while (_read < _events.Count)
                {
                    var happened = _events[_read++];
                    if (happened is T found && (which is null || which(found))) return found;
                    if (failureIsFatal && happened is (GuestFailed or OutgoingFailed or IncomingFailed or GuestVanished))
                        throw new Xunit.Sdk.XunitException($"waited for {typeof(T).Name}, got {happened}");
                }

                var left = deadline - DateTime.UtcNow;
                if (left <= TimeSpan.Zero) throw new Xunit.Sdk.XunitException($"no {typeof(T).Name} came; there were: {string.Join("; ", _events)}");
                Monitor.Wait(_events, left);
            }
        }
    }
}
