using System.Globalization;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Units;

namespace Cli.Output;

/// <summary>Figures as people read them.</summary>
internal static class Words
{
    public static string Of(long number) => number.ToString(CultureInfo.InvariantCulture);

    public static string Of(ByteCount? amount) => amount?.ToString() ?? "-";

    public static string Milliseconds(double? value) => value is { } ms ? string.Create(CultureInfo.InvariantCulture, $"{ms:0.#} ms") : "-";

    /// <summary>Seconds as people say them: <c>45 s</c>, <c>3 min 20 s</c>, <c>2 h 5 min</c>.</summary>
    public static string Duration(double seconds) => TimeSpan.FromSeconds(Math.Round(seconds)) switch
    {
        { TotalMinutes: < 2 } t => string.Create(CultureInfo.InvariantCulture, $"{t.TotalSeconds:0} s"),
        { TotalHours: < 2 } t => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(t.TotalMinutes):0} min {t.Seconds} s"),
        var t => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(t.TotalHours):0} h {t.Minutes} min"),
    };

    public static string Time(DateTimeOffset at) => at.ToLocalTime().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    public static string Age(DateTimeOffset since)
    {
        var age = DateTimeOffset.UtcNow - since;
        return age switch
        {
            { TotalSeconds: < 0 } => "0s",
            { TotalSeconds: < 120 } => Rounded(age.TotalSeconds, "s"),
            { TotalMinutes: < 120 } => Rounded(age.TotalMinutes, "m"),
            { TotalHours: < 48 } => Rounded(age.TotalHours, "h"),
            _ => Rounded(age.TotalDays, "d"),
        };
    }

    public static string Cause(EventResource happened) => happened.Cause.Id.Length == 0 ? happened.Cause.Kind : $"{happened.Cause.Kind} {happened.Cause.Id}";

    private static string Rounded(double value, string unit) => string.Create(CultureInfo.InvariantCulture, $"{Math.Floor(value):0}{unit}");
}
