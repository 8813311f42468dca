using System.Collections.Concurrent;

namespace Coordinator.Server.Streaming;

/// <summary>Says "something about this stream changed", nothing more: watchers read what it is themselves, so no change can be lost or piled up.</summary>
public sealed class ChangeFeed
{
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<Subscription, byte>> _watchers = new(StringComparer.Ordinal);

    /// <summary>Wakes the watchers of a stream. May be called from any thread; never waits.</summary>
    public void Raise(string streamKey)
    {
        if (!_watchers.TryGetValue(streamKey, out var watchers)) return;
        foreach (var (watcher, _) in watchers) watcher.Wake();
    }

    /// <summary>From here on no change of the stream goes unnoticed. Subscribe first, then read.</summary>
    public Subscription Subscribe(string streamKey)
    {
        var subscription = new Subscription(this, streamKey);
        while (true)
        {
            var watchers = _watchers.GetOrAdd(streamKey, _ => new());
            lock (watchers)
            {
                // An emptied set may just have been taken out of the table.
                if (!_watchers.TryGetValue(streamKey, out var current) || !ReferenceEquals(current, watchers)) continue;
                watchers[subscription] = 0;
                return subscription;
            }
        }
    }

    private void Remove(Subscription subscription, string streamKey)
    {
        if (!_watchers.TryGetValue(streamKey, out var watchers)) return;
        lock (watchers)
        {
            watchers.TryRemove(subscription, out _);
            if (watchers.IsEmpty) _watchers.TryRemove(streamKey, out _);
        }
    }

    /// <summary>One watcher of one stream.</summary>
    public sealed class Subscription : IDisposable
    {
        private readonly ChangeFeed _feed;
        private readonly string _streamKey;
        private readonly SemaphoreSlim _changed = new(0, 1);

        internal Subscription(ChangeFeed feed, string streamKey)
        {
            _feed = feed;
            _streamKey = streamKey;
        }

        /// <summary>Completes after a change since the last call (at once if there was one already), false after the time.</summary>
        public Task<bool> WaitAsync(TimeSpan timeout, CancellationToken cancellation) => _changed.WaitAsync(timeout, cancellation);

        public void Dispose() => _feed.Remove(this, _streamKey);

        internal void Wake()
        {
            try
            {
                if (_changed.CurrentCount == 0) _changed.Release();
            }
            catch (SemaphoreFullException)
            {
                // Two changes at the same moment: one wake-up serves both.
            }
        }
    }
}
