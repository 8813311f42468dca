using System.Diagnostics.CodeAnalysis;
using Coordinator.Shared.Contracts;

namespace HostNode.Agent.Links;

/// <summary>
/// Reports on their way to a coordinator: first in, first out; a new one with the same key takes the place of one not yet acknowledged
/// (and goes to the end). At most <see cref="WireMost"/> are unacknowledged on the wire; one not acknowledged in time is sent again.
/// Safe from any thread. Nothing is lost with it: after a restart the machine derives its reports from the journal again.
/// </summary>
public sealed class ReportQueue(TimeProvider clock)
{
    /// <summary>Unacknowledged reports a hub takes from one agent (design: rule 17).</summary>
    public const int WireMost = 64;

    /// <summary>How long an acknowledgement may take.</summary>
    public static readonly TimeSpan AckWithin = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly LinkedList<Entry> _order = new();
    private readonly Dictionary<string, LinkedListNode<Entry>> _byKey = [];
    private readonly Dictionary<long, long> _wire = []; // number → when sent
    private long _lastNumber;

    public int Count
    {
        get
        {
            lock (_lock) return _order.Count;
        }
    }

    /// <summary>Of this start: an acknowledgement of another start's report is not ours.</summary>
    public required long StartCount { get; init; }

    /// <summary>Takes a report; its number is the next of this start.</summary>
    public void Put(string key, Report report)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out var old)) _order.Remove(old);
            _byKey[key] = _order.AddLast(new Entry(key, ++_lastNumber, report));
        }
    }

    /// <summary>The next report to send now, which counts as sent; false if there is none, or no room on the wire.</summary>
    public bool TryNext([NotNullWhen(true)] out AgentReport? next)
    {
        lock (_lock)
        {
            ForgetOverdue();
            foreach (var entry in _order)
            {
                if (_wire.Count >= WireMost) break;
                if (!_wire.TryAdd(entry.Number, clock.GetTimestamp())) continue;
                next = new AgentReport(StartCount, entry.Number, entry.Report);
                return true;
            }

            next = null;
            return false;
        }
    }

    /// <summary>The coordinator has committed it. Also good for one that was replaced meanwhile, or twice.</summary>
    public void Acknowledge(long startCount, long number)
    {
        if (startCount != StartCount) return;
        lock (_lock)
        {
            _wire.Remove(number);
            var entry = _order.FirstOrDefault(one => one.Number == number);
            if (entry is null) return;
            _order.Remove(entry);
            _byKey.Remove(entry.Key);
        }
    }

    /// <summary>The link is new: everything not acknowledged is sent again on it.</summary>
    public void SendAllAgain()
    {
        lock (_lock) _wire.Clear();
    }

    private void ForgetOverdue()
    {
        foreach (var (number, sentAt) in _wire.Where(sent => clock.GetElapsedTime(sent.Value) >= AckWithin).ToList()) _wire.Remove(number);
    }

    private sealed record Entry(string Key, long Number, Report Report);
}
