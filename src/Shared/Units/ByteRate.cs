using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Units;

/// <summary>Bandwidth or dirty rate, in bytes per second. Travels as a plain number of bytes per second.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct ByteRate(long Value) : IComparable<ByteRate>
{
    public static readonly ByteRate Zero;

    public static ByteRate FromMebi(double mebi) => new((long)(mebi * 1024 * 1024));

    public static ByteRate operator +(ByteRate left, ByteRate right) => new(left.Value + right.Value);

    public static ByteRate operator -(ByteRate left, ByteRate right) => new(left.Value - right.Value);

    public static bool operator <(ByteRate left, ByteRate right) => left.Value < right.Value;

    public static bool operator >(ByteRate left, ByteRate right) => left.Value > right.Value;

    public static bool operator <=(ByteRate left, ByteRate right) => left.Value <= right.Value;

    public static bool operator >=(ByteRate left, ByteRate right) => left.Value >= right.Value;

    public int CompareTo(ByteRate other) => Value.CompareTo(other.Value);

    /// <summary>What was moved in a time; zero time gives zero.</summary>
    public static ByteRate Of(ByteCount amount, TimeSpan time) =>
        time <= TimeSpan.Zero ? Zero : new ByteRate((long)(amount.Value / time.TotalSeconds));

    /// <summary>Time to move an amount at this rate; <see cref="TimeSpan.MaxValue"/> at rate zero.</summary>
    public TimeSpan TimeFor(ByteCount amount)
    {
        if (amount.Value <= 0) return TimeSpan.Zero;
        if (Value <= 0) return TimeSpan.MaxValue;
        var seconds = (double)amount.Value / Value;
        return seconds >= TimeSpan.MaxValue.TotalSeconds ? TimeSpan.MaxValue : TimeSpan.FromSeconds(seconds);
    }

    /// <summary>For people: <c>12.5 MiB</c>; a rate adds <c>/s</c>.</summary>
    public override string ToString()
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB"];
        double shown = Value;
        var unit = 0;
        while (Math.Abs(shown) >= 1024 && unit < units.Length - 1)
        {
            shown /= 1024;
            unit++;
        }

        return string.Create(CultureInfo.InvariantCulture, $"{shown:0.#} {units[unit]}/s");
    }

    public sealed class Converter : JsonConverter<ByteRate>
    {
        public override ByteRate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, ByteRate value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
