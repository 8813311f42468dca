using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>Notices that nothing moves. QEMU reports nothing by itself: a link that stands still looks like <c>active</c> for many minutes.</summary>
internal sealed class StallWatch(TimeSpan limit)
{
    private ByteCount _last = new(-1);
    private DateTimeOffset _since;

    public bool IsStalled(ByteCount transferred, DateTimeOffset now)
    {
        if (transferred != _last)
        {
            _last = transferred;
            _since = now;
            return false;
        }

        return now - _since > limit;
    }
}
