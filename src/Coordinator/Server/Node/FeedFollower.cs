using System.Diagnostics;
using Coordinator.Application.Projections;
using Coordinator.Application.Store;

namespace Coordinator.Server.Node;

/// <summary>Reads on what the other coordinators commit, so that any node shows it well within a second.</summary>
internal sealed class FeedFollower(FleetProjection fleet) : IDisposable
{
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(200);

    private Timer? _timer;
    private int _reading;
    private long _readAt = Stopwatch.GetTimestamp();

    /// <summary>How old what this node shows of the others may be: time since it had last read to the end.</summary>
    public TimeSpan Lag => Stopwatch.GetElapsedTime(Volatile.Read(ref _readAt));

    public void Start() => _timer = new Timer(_ => ReadOn(), null, Every, Every);

    public void Dispose() => _timer?.Dispose();

    private void ReadOn()
    {
        if (Interlocked.Exchange(ref _reading, 1) == 1) return;
        try
        {
            var began = Stopwatch.GetTimestamp();
            fleet.ReadOn();
            Volatile.Write(ref _readAt, began);
        }
        catch (Exception e) when (e is StoreUnavailableException or ObjectDisposedException)
        {
            // The node says so when it matters; the next time reads from the same position.
        }
        finally
        {
            Volatile.Write(ref _reading, 0);
        }
    }
}
