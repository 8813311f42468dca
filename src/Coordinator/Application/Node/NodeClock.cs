using System.Diagnostics;

namespace Coordinator.Application.Node;

/// <summary>
/// <c>now</c> of a node (design: rule 15): the store's clock, read at start and takeover, advanced by this machine's monotonic clock.
/// Never goes backwards, whatever happens to the wall clock.
/// </summary>
public sealed class NodeClock
{
    private DateTimeOffset anchor;
    private long anchorTicks;

    public NodeClock(DateTimeOffset storeNow) => Anchor(storeNow);

    public DateTimeOffset Now => anchor + Stopwatch.GetElapsedTime(anchorTicks);

    /// <summary>Takes the store's clock anew; an earlier time is ignored.</summary>
    public void Anchor(DateTimeOffset storeNow)
    {
        if (anchorTicks != 0 && storeNow < Now) return;
        anchorTicks = Stopwatch.GetTimestamp();
        anchor = storeNow.ToUniversalTime();
    }
}
