using System.Text;

namespace Coordinator.Server.Metrics;

/// <summary>Names as Prometheus wants them: <c>lm_thing_unit[_total]</c>, base units spelled out.</summary>
internal static class MetricNames
{
    private const string Total = "_total";

    public static string Of(string instrument, string? unit, FamilyKind kind)
    {
        var name = Sanitize(instrument);
        var monotonic = kind is FamilyKind.Counter or FamilyKind.ObservedCounter;
        if (monotonic && name.EndsWith(Total, StringComparison.Ordinal)) name = name[..^Total.Length];
        var suffix = UnitWord(unit);
        if (suffix.Length > 0 && !name.EndsWith("_" + suffix, StringComparison.Ordinal)) name += "_" + suffix;
        return monotonic ? name + Total : name;
    }

    public static string Label(string tag)
    {
        var name = Sanitize(tag).Replace(':', '_');
        return name.StartsWith("__", StringComparison.Ordinal) ? "tag" + name : name;
    }

    // Letters, digits, '_' and ':'; not beginning with a digit.
    private static string Sanitize(string text)
    {
        var name = new StringBuilder(text.Length);
        foreach (var c in text) name.Append(char.IsAsciiLetterOrDigit(c) || c is '_' or ':' ? c : '_');
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) name.Insert(0, '_');
        return name.ToString();
    }

    // UCUM units as .NET instruments carry them; {things} are no unit.
    private static string UnitWord(string? unit) => unit switch
    {
        null or "" or "1" => "",
        "s" => "seconds",
        "By" => "bytes",
        "By/s" => "bytes_per_second",
        "%" => "percent",
        _ when unit.StartsWith('{') => "",
        _ => Sanitize(unit),
    };
}
