using System.Diagnostics.Metrics;

namespace Coordinator.Server.Metrics;

/// <summary>How measurements of an instrument combine.</summary>
internal enum FamilyKind
{
    /// <summary>Increments are added up; only grows.</summary>
    Counter,

    /// <summary>The observed total replaces the earlier one.</summary>
    ObservedCounter,

    /// <summary>Changes are added up; may fall.</summary>
    UpDown,

    /// <summary>The newest value counts.</summary>
    Gauge,

    /// <summary>The observed value counts until the next scrape.</summary>
    ObservedGauge,

    Histogram,
}

internal static class FamilyKinds
{
    public static FamilyKind Of(Instrument instrument)
    {
        var type = instrument.GetType();
        var definition = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (definition == typeof(Counter<>)) return FamilyKind.Counter;
        if (definition == typeof(ObservableCounter<>)) return FamilyKind.ObservedCounter;
        if (definition == typeof(UpDownCounter<>)) return FamilyKind.UpDown;
        if (definition == typeof(Histogram<>)) return FamilyKind.Histogram;
        return instrument.IsObservable ? FamilyKind.ObservedGauge : FamilyKind.Gauge;
    }

    public static bool IsObserved(this FamilyKind kind) => kind is FamilyKind.ObservedCounter or FamilyKind.ObservedGauge;

    public static string TypeWord(this FamilyKind kind) => kind switch
    {
        FamilyKind.Counter or FamilyKind.ObservedCounter => "counter",
        FamilyKind.Histogram => "histogram",
        _ => "gauge",
    };
}
