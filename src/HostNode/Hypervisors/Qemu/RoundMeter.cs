using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Makes rounds and rates out of the answers of <c>query-migrate</c>. Pure: time comes with each sample. The line's bandwidth is learned only
/// from samples in which the pace did not hold QEMU back, weighted by their bytes (so windows spent on zero pages count little). No round is
/// told before: QEMU's own figure is that of the pace, and a forecast from it would end a migration that an agent before us had slowed.
/// </summary>
internal sealed class RoundMeter
{
    // A pace this many times above what flowed was no limit.
    private const double PaceSlack = 1.5;
    private const int RatesKept = 8;
    private static readonly TimeSpan SampleMin = TimeSpan.FromMilliseconds(40);

    // A raised pace is felt from the next window on.
    private static readonly TimeSpan MeasuredAfter = Pacing.Window * 2;

    private readonly Queue<ByteRate> _dirtyRates = new();
    private MigrationStatus? _roundStart;
    private DateTimeOffset _roundStartAt;
    private MigrationStatus? _sample;
    private DateTimeOffset _sampleAt;
    private double _weighted;
    private double _weights;
    private TimeSpan _unhindered;

    /// <summary>What the line gives; what QEMU says until measured.</summary>
    public ByteRate Bandwidth { get; private set; }

    /// <summary>Whether QEMU has been seen unhindered for long enough. Until then it must be: a pace would be taken for the line's.</summary>
    public bool IsMeasured => _unhindered >= MeasuredAfter;

    /// <summary>The slowest dirtying of the last rounds: what may be counted on to keep QEMU busy. Zero before the first is over.</summary>
    public ByteRate SlowestDirtyRate => _dirtyRates.Count == 0 ? ByteRate.Zero : _dirtyRates.Min();

    /// <summary>Takes one answer.</summary>
    /// <param name="pace">The limit that held since the answer before.</param>
    /// <param name="paced">Whether that was our pace. What flows under the policy's limit alone is what the blackout will get.</param>
    /// <returns>A round that is over, if one is. Rounds that passed unseen between two answers are told as one.</returns>
    public RoundFacts? Observe(MigrationStatus status, ByteRate pace, bool paced, DateTimeOffset at)
    {
        Learn(status, pace, paced, at);
        if (status.SyncCount == 0) return null;
        if (_roundStart is null)
        {
            Begin(status, at);
            return null;
        }

        if (status.SyncCount <= _roundStart.SyncCount || !IsMeasured) return null;
        var duration = at - _roundStartAt;
        var dirtyRate = ByteRate.Of(status.Remaining, duration);
        _dirtyRates.Enqueue(dirtyRate);
        if (_dirtyRates.Count > RatesKept) _dirtyRates.Dequeue();
        var sent = status.Transferred - _roundStart.Transferred;
        var round = new RoundFacts(status.SyncCount - 1, sent, duration, status.Remaining, Bandwidth, dirtyRate, status.ThrottlePercent);
        Begin(status, at);
        return round;
    }

    private void Begin(MigrationStatus status, DateTimeOffset at)
    {
        _roundStart = status;
        _roundStartAt = at;
    }

    private void Learn(MigrationStatus status, ByteRate pace, bool paced, DateTimeOffset at)
    {
        if (_weights == 0) Bandwidth = status.Throughput;
        if (_sample is null)
        {
            _sample = status;
            _sampleAt = at;
            return;
        }

        var time = at - _sampleAt;
        if (time < SampleMin) return;
        var bytes = status.Transferred - _sample.Transferred;
        var rate = ByteRate.Of(bytes, time);
        var hindered = paced && pace.Value <= rate.Value * PaceSlack;
        if (!hindered) _unhindered += time;
        if (!hindered && bytes.Value > 0)
        {
            _weighted += (double)bytes.Value * rate.Value;
            _weights += bytes.Value;
            Bandwidth = new ByteRate((long)(_weighted / _weights));
        }

        _sample = status;
        _sampleAt = at;
    }
}
