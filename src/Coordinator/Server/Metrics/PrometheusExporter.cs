using System.Diagnostics.Metrics;
using System.Text;

namespace Coordinator.Server.Metrics;

/// <summary>
/// Listens to <see cref="System.Diagnostics.Metrics"/> instruments and renders them in the Prometheus text format 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/). Measuring takes one lock per instrument and allocates nothing once a
/// series exists.
/// </summary>
public sealed class PrometheusExporter : IDisposable
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly MeterListener _listener = new();
    private readonly Lock _gate = new();
    private readonly SortedDictionary<string, Family> _families = new(StringComparer.Ordinal);

    /// <param name="isWanted">Which meters of this process to export.</param>
    public PrometheusExporter(Func<Meter, bool> isWanted)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (isWanted(instrument.Meter)) listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        _listener.SetMeasurementEventCallback<byte>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<short>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<int>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<long>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<float>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<double>((_, value, tags, family) => Record(family, value, tags));
        _listener.SetMeasurementEventCallback<decimal>((_, value, tags, family) => Record(family, (double)value, tags));
        _listener.Start();
    }

    /// <summary>One scrape: asks the observable instruments, then writes everything. May be called by several scrapers at once.</summary>
    public string Render()
    {
        var text = new StringBuilder(16 * 1024);
        lock (_gate)
        {
            // Series of observables that are not observed again are gone, not frozen.
            foreach (var family in _families.Values) family.BeginObservation();
            _listener.RecordObservableInstruments();
            foreach (var family in _families.Values) family.Write(text);
        }

        return text.ToString();
    }

    public void Dispose() => _listener.Dispose();

    private Family FamilyOf(Instrument instrument)
    {
        var kind = FamilyKinds.Of(instrument);
        var name = MetricNames.Of(instrument.Name, instrument.Unit, kind);
        lock (_gate)
        {
            if (!_families.TryGetValue(name, out var family))
            {
                family = Family.Create(name, instrument, kind);
                _families.Add(name, family);
            }

            return family;
        }
    }

    private static void Record(object? family, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) => ((Family)family!).Record(value, tags);
}
