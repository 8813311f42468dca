using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Hub;

/// <summary>
/// What waits to be sent on one link: the latest order per subject (an older one of the same subject is void once a newer one exists) and
/// acknowledgements. Bounded; what does not fit is refused, and that only costs a delay, because orders are sent again until answered.
/// </summary>
internal sealed class OutboundQueue(int capacity, TimeProvider clock)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<(string? Subject, HubMessage Message)> _waiting = new();
    private readonly Dictionary<string, LinkedListNode<(string? Subject, HubMessage Message)>> _orders = new(StringComparer.Ordinal);
    private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long? _fullSince;

    /// <returns>False if the queue is full: the message is not kept.</returns>
    public bool Offer(HubMessage message)
    {
        lock (_gate)
        {
            var subject = (message as HubOrder)?.Order.Subject;
            if (subject is not null && _orders.TryGetValue(subject, out var older))
            {
                older.Value = (subject, message);
                return true;
            }

            if (_waiting.Count >= capacity)
            {
                _fullSince ??= clock.GetTimestamp();
                return false;
            }

            var node = _waiting.AddLast((subject, message));
            if (subject is not null) _orders[subject] = node;
            _arrived.TrySetResult();
            return true;
        }
    }

    /// <summary>How long the queue has been full without a pause; zero when it is not.</summary>
    public TimeSpan FullFor
    {
        get
        {
            lock (_gate) return _fullSince is { } since ? clock.GetElapsedTime(since) : TimeSpan.Zero;
        }
    }

    /// <summary>The next message, in order of arrival of its subject.</summary>
    public async Task<HubMessage> TakeAsync(CancellationToken cancellation)
    {
        while (true)
        {
            Task arrived;
            lock (_gate)
            {
                if (_waiting.First is { } first)
                {
                    _waiting.RemoveFirst();
                    if (first.Value.Subject is { } subject) _orders.Remove(subject);
                    _fullSince = null;
                    return first.Value.Message;
                }

                if (_arrived.Task.IsCompleted) _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                arrived = _arrived.Task;
            }

            await arrived.WaitAsync(cancellation);
        }
    }
}
