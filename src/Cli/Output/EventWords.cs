using System.Globalization;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Units;

namespace Cli.Output;

/// <summary>An event's own fields on one line. Works for any type, so that a newer server's events are shown too.</summary>
internal static class EventWords
{
    private const int LengthMax = 160;

    private static readonly string[] ByteFields = ["sent", "dirty", "resent", "memory", "remaining"];
    private static readonly string[] RateFields = ["bandwidth", "dirtyRate", "maxBandwidth"];

    public static string Summary(EventResource happened)
    {
        var words = new List<string>();
        if (happened.Reason is { Length: > 0 } reason) words.Add($"reason=\"{reason}\"");
        Collect(happened.Data, words, 0);
        var text = string.Join(' ', words);
        return text.Length <= LengthMax ? text : text[..LengthMax] + "…";
    }

    private static void Collect(JsonElement element, List<string> words, int depth)
    {
        if (element.ValueKind != JsonValueKind.Object) return;
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Value.ValueKind)
            {
                // A plan holds the whole specification: its first level says enough.
                case JsonValueKind.Object when depth == 0: Collect(property.Value, words, depth + 1); break;
                case JsonValueKind.String or JsonValueKind.Number or JsonValueKind.True: words.Add($"{property.Name}={Value(property)}"); break;
            }
        }
    }

    private static string Value(JsonProperty property)
    {
        var value = property.Value;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number))
        {
            if (ByteFields.Contains(property.Name)) return new ByteCount(number).ToString().Replace(" ", "", StringComparison.Ordinal);
            if (RateFields.Contains(property.Name)) return new ByteRate(number).ToString().Replace(" ", "", StringComparison.Ordinal);
            return number.ToString(CultureInfo.InvariantCulture);
        }

        var text = value.ToString();
        if (TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time)) return Words.Milliseconds(time.TotalMilliseconds).Replace(" ", "", StringComparison.Ordinal);
        if (value.ValueKind == JsonValueKind.Number) return value.GetDouble().ToString("0.###", CultureInfo.InvariantCulture);
        return text.Contains(' ', StringComparison.Ordinal) ? $"\"{text}\"" : text;
    }
}
