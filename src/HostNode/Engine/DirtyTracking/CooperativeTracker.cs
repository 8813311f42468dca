using System.Numerics;

namespace HostNode.Engine.DirtyTracking;

/// <summary>
/// The guest's own write path sets a bit after each write. Needs nothing of the kernel; for guests that are ours.
/// The bit must be set <em>after</em> the write and by a locked instruction: set before it, a harvest in between would lose the write.
/// </summary>
public sealed class CooperativeTracker(PageBitmap written) : IDirtyTracker
{
    public string Name => "cooperative";

    public void Arm() => written.ClearAll();

    public long Peek() => written.Count() * PageBitmap.PageSize;

    public long Harvest(PageBitmap into)
    {
        var pages = 0L;
        for (var chunk = 0; chunk < written.Chunks; chunk++)
        {
            if (written.Chunk(chunk) == 0) continue;
            var taken = written.Take(chunk);
            into.Or(chunk, taken);
            pages += BitOperations.PopCount(taken);
        }

        return pages * PageBitmap.PageSize;
    }

    public void Disarm()
    {
        // Nothing was switched on.
    }

    public void Dispose()
    {
        // The bitmap belongs to the guest.
    }
}
