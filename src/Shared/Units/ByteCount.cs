using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Units;

/// <summary>An amount of memory or traffic, in bytes. Travels as a plain number of bytes.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct ByteCount(long Value) : IComparable<ByteCount>
{
    public static readonly ByteCount Zero;

    public static ByteCount FromMebi(double mebi) => new((long)(mebi * 1024 * 1024));

    public static ByteCount operator +(ByteCount left, ByteCount right) => new(left.Value + right.Value);

    public static ByteCount operator -(ByteCount left, ByteCount right) => new(left.Value - right.Value);

    public static bool operator <(ByteCount left, ByteCount right) => left.Value < right.Value;

    public static bool operator >(ByteCount left, ByteCount right) => left.Value > right.Value;

    public static bool operator <=(ByteCount left, ByteCount right) => left.Value <= right.Value;

    public static bool operator >=(ByteCount left, ByteCount right) => left.Value >= right.Value;

    public int CompareTo(ByteCount other) => Value.CompareTo(other.Value);

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

        return string.Create(CultureInfo.InvariantCulture, $"{shown:0.#} {units[unit]}");
    }

    public sealed class Converter : JsonConverter<ByteCount>
    {
        public override ByteCount Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, ByteCount value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
