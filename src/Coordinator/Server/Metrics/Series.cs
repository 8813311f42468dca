namespace Coordinator.Server.Metrics;

/// <summary>One label set and what was measured under it. Guarded by its family's lock.</summary>
internal sealed class Series(KeyValuePair<string, object?>[] tags, int bounds)
{
    /// <summary>Rendered once: building it for each measurement is what makes exporters slow.</summary>
    public string Labels { get; } = TextFormat.Labels(tags);

    /// <summary>Total, newest value, or the sum of a histogram.</summary>
    public double Value { get; set; }

    public long Count { get; private set; }

    /// <summary>Observations per bucket, not cumulative; those above the last bound are only in <see cref="Count"/>.</summary>
    public long[]? Buckets { get; } = bounds > 0 ? new long[bounds] : null;

    public bool Has(ReadOnlySpan<KeyValuePair<string, object?>> other)
    {
        if (other.Length != tags.Length) return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (tags[i].Key != other[i].Key || !Equals(tags[i].Value, other[i].Value)) return false;
        }

        return true;
    }

    public void Observe(double value, double[] limits)
    {
        Count++;
        Value += value;
        // "le": a value equal to a bound belongs to that bucket.
        var index = Array.BinarySearch(limits, value);
        if (index < 0) index = ~index;
        if (index < limits.Length) Buckets![index]++;
    }
}
