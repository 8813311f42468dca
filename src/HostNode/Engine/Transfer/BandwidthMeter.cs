using Coordinator.Shared.Units;

namespace HostNode.Engine.Transfer;

/// <summary>
/// What the link carries, from whole rounds: large rounds only, newer ones weighing more. Until there was a large one, all small ones
/// together give a lower bound, so that a small guest gets a (careful) figure too.
/// </summary>
public sealed class BandwidthMeter(ByteCount smallestMeasured)
{
    private const double Memory = 0.5;

    private double _largeBytes;
    private double _largeSeconds;
    private double _smallBytes;
    private double _smallSeconds;

    public ByteRate Rate => _largeSeconds > 0 ? new ByteRate((long)(_largeBytes / _largeSeconds))
        : _smallSeconds > 0 ? new ByteRate((long)(_smallBytes / _smallSeconds))
        : ByteRate.Zero;

    public void Add(ByteCount sent, TimeSpan duration)
    {
        if (sent < smallestMeasured)
        {
            _smallBytes += sent.Value;
            _smallSeconds += duration.TotalSeconds;
            return;
        }

        _largeBytes = (_largeBytes * Memory) + sent.Value;
        _largeSeconds = (_largeSeconds * Memory) + duration.TotalSeconds;
    }
}
