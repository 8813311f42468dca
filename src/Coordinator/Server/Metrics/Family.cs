using System.Diagnostics.Metrics;
using System.Text;

namespace Coordinator.Server.Metrics;

/// <summary>One metric name with all its series.</summary>
internal sealed class Family
{
    /// <summary>More label sets than this are a mistake in the program: further ones are counted under <c>overflow="true"</c>.</summary>
    public const int SeriesMax = 1_000;

    // Rule of the product: one series per VM or host is millions of them. Agents export their own.
    private static readonly string[] ForbiddenLabels = ["vm", "host", "migration"];
    private static readonly double[] DefaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
    private static readonly KeyValuePair<string, object?>[] Overflow = [new("overflow", "true")];

    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<Series>> _byHash = [];
    private readonly string _name;
    private readonly string _help;
    private readonly FamilyKind _kind;
    private readonly double[] _bounds;
    private int _count;

    private Family(string name, string help, FamilyKind kind, double[] bounds)
    {
        _name = name;
        _help = help;
        _kind = kind;
        _bounds = bounds;
    }

    public static Family Create(string name, Instrument instrument, FamilyKind kind) =>
        new(name, instrument.Description ?? "", kind, kind == FamilyKind.Histogram ? Bounds(instrument) : []);

    public void BeginObservation()
    {
        if (!_kind.IsObserved()) return;
        lock (_gate)
        {
            _byHash.Clear();
            _count = 0;
        }
    }

    /// <exception cref="InvalidOperationException">A label that the product forbids: a bug, found by the first test that measures.</exception>
    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            var series = Find(tags);
            switch (_kind)
            {
                case FamilyKind.Counter or FamilyKind.UpDown: series.Value += value; break;
                case FamilyKind.Histogram: series.Observe(value, _bounds); break;
                default: series.Value = value; break;
            }
        }
    }

    public void Write(StringBuilder text)
    {
        lock (_gate)
        {
            if (_count == 0) return;
            if (_help.Length > 0) text.Append("# HELP ").Append(_name).Append(' ').Append(TextFormat.Help(_help)).Append('\n');
            text.Append("# TYPE ").Append(_name).Append(' ').Append(_kind.TypeWord()).Append('\n');
            foreach (var series in _byHash.Values.SelectMany(list => list).OrderBy(series => series.Labels, StringComparer.Ordinal))
            {
                if (_kind == FamilyKind.Histogram) WriteHistogram(text, series);
                else Line(text, _name, series.Labels, "", series.Value);
            }
        }
    }

    private void WriteHistogram(StringBuilder text, Series series)
    {
        // Stored per bucket, shown cumulative.
        long below = 0;
        for (var i = 0; i < _bounds.Length; i++)
        {
            below += series.Buckets![i];
            Line(text, _name + "_bucket", series.Labels, $"le=\"{TextFormat.Number(_bounds[i])}\"", below);
        }

        Line(text, _name + "_bucket", series.Labels, "le=\"+Inf\"", series.Count);
        Line(text, _name + "_sum", series.Labels, "", series.Value);
        Line(text, _name + "_count", series.Labels, "", series.Count);
    }

    private static void Line(StringBuilder text, string name, string labels, string more, double value)
    {
        text.Append(name);
        if (labels.Length + more.Length > 0)
        {
            text.Append('{').Append(labels);
            if (labels.Length > 0 && more.Length > 0) text.Append(',');
            text.Append(more).Append('}');
        }

        text.Append(' ').Append(TextFormat.Number(value)).Append('\n');
    }

    private Series Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = new HashCode();
        foreach (var (name, value) in tags)
        {
            hash.Add(name);
            hash.Add(value);
        }

        var key = hash.ToHashCode();
        if (_byHash.TryGetValue(key, out var list))
        {
            foreach (var known in list)
            {
                if (known.Has(tags)) return known;
            }
        }

        return Add(key, tags);
    }

    private Series Add(int key, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var (name, _) in tags)
        {
            if (ForbiddenLabels.Contains(name, StringComparer.Ordinal)) throw new InvalidOperationException($"{_name} has the label '{name}': one series per {name} is too many");
        }

        if (_count >= SeriesMax && !tags.SequenceEqual(Overflow)) return Find(Overflow);
        if (!_byHash.TryGetValue(key, out var list)) _byHash[key] = list = [];
        var series = new Series(tags.ToArray(), _bounds.Length);
        list.Add(series);
        _count++;
        return series;
    }

    private static double[] Bounds(Instrument instrument)
    {
        IEnumerable<double>? advised = instrument switch
        {
            Instrument<double> i => i.Advice?.HistogramBucketBoundaries,
            Instrument<long> i => i.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            Instrument<int> i => i.Advice?.HistogramBucketBoundaries?.Select(bound => (double)bound),
            _ => null,
        };
        return advised is null ? DefaultBounds : [.. advised.Order()];
    }
}
