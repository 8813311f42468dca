using HostNode.Hypervisors;

namespace Engine.Tests.Given;

/// <summary>Keeps every event and lets a test wait for the one it needs.</summary>
public sealed class RecordingSink : IHypervisorSink
{
    // Generous: only a broken build ever waits this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<HypervisorEvent> _events = [];
    private int _read;

    public IReadOnlyList<HypervisorEvent> Events
    {
        get
        {
            lock (_events) return [.. _events];
        }
    }

    public void Post(HypervisorEvent happened)
    {
        lock (_events)
        {
            _events.Add(happened);
            Monitor.PulseAll(_events);
        }
    }

    /// <summary>The next event of this type after those already waited for; fails at once if the transfer or guest failed instead.</summary>
    public T Next<T>(Func<T, bool>? which = null) where T : HypervisorEvent
    {
        lock (_events)
        {
            var deadline = DateTime.UtcNow + Patience;
            while (true)
            {
                for (; _read < _events.Count; _read++)
                {
                    if (_events[_read] is T found && (which is null || which(found)))
                    {
                        _read++;
                        return found;
                    }

                    if (_events[_read] is GuestFailed or OutgoingFailed or IncomingFailed or GuestVanished)
                        throw new Xunit.Sdk.XunitException($"waited for {typeof(T).Name}, got {_events[_read++]}");
                }

                var left = deadline - DateTime.UtcNow;
                if (left <= TimeSpan.Zero) throw new Xunit.Sdk.XunitException($"no {typeof(T).Name} came; there were: {string.Join("; ", _events)}");
                Monitor.Wait(_events, left);
            }
        }
    }
}
