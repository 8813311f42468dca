using HostNode.Engine.DirtyTracking;

namespace HostNode.Engine.Transfer;

/// <summary>
/// What one stream has sent and the destination has not yet acknowledged, oldest first. Frames are numbered through all links of a
/// transfer, so after a broken link the destination's count says exactly which arrived and none of those is sent again.
/// </summary>
internal sealed class InFlight(PageBitmap owed)
{
    /// <summary>64 MiB of full chunks: how far a stream may run ahead of its acknowledgements.</summary>
    public const int FramesMax = 256;

    private readonly Queue<(int Chunk, ulong Mask, int Bytes)> _frames = new(FramesMax);
    private readonly object _lock = new();
    private ulong _acknowledged;
    private long _bytes;
    private bool _ended;

    /// <summary>Bytes sent and not acknowledged.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Notes a frame that is about to leave; waits while too many are on their way.</summary>
    /// <exception cref="IOException">The link ended meanwhile.</exception>
    public void Add(int chunk, ulong mask, int bytes)
    {
        lock (_lock)
        {
            while (_frames.Count >= FramesMax && !_ended) Monitor.Wait(_lock);
            if (_ended) throw new IOException("the link ended");
            _frames.Enqueue((chunk, mask, bytes));
            _bytes += bytes;
        }
    }

    /// <summary>The destination has this many frames of all links: their pages are owed no more.</summary>
    /// <exception cref="WireException">More than were ever sent.</exception>
    public void Acknowledge(ulong count)
    {
        lock (_lock)
        {
            if (count < _acknowledged || count - _acknowledged > (ulong)_frames.Count)
                throw new WireException(WireFault.OutOfOrder, $"{count} frames acknowledged, {_acknowledged} + {_frames.Count} sent");
            for (; _acknowledged < count; _acknowledged++)
            {
                var (chunk, mask, bytes) = _frames.Dequeue();
                owed.Clear(chunk, mask);
                _bytes -= bytes;
            }

            Monitor.PulseAll(_lock);
        }
    }

    /// <summary>A new link: the destination has this many. What else was on its way is still owed and will be sent again.</summary>
    /// <param name="takeOver">The destination's count comes from an agent before us.</param>
    public void Restart(ulong count, bool takeOver)
    {
        lock (_lock)
        {
            if (takeOver) _acknowledged = count;
            else Acknowledge(count);
            _frames.Clear();
            _bytes = 0;
            _ended = false;
        }
    }

    public void End()
    {
        lock (_lock)
        {
            _ended = true;
            Monitor.PulseAll(_lock);
        }
    }
}
