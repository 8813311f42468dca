using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>Per shard, raised at each takeover: which coordinator may decide. Checked inside the append. Never seen by agents.</summary>
[JsonConverter(typeof(Converter))]
public readonly record struct Term(long Value) : IComparable<Term>
{
    public static readonly Term None = new(0);

    public Term Next => new(Value + 1);

    public int CompareTo(Term other) => Value.CompareTo(other.Value);

    public static bool operator <(Term left, Term right) => left.Value < right.Value;

    public static bool operator >(Term left, Term right) => left.Value > right.Value;

    public static bool operator <=(Term left, Term right) => left.Value <= right.Value;

    public static bool operator >=(Term left, Term right) => left.Value >= right.Value;

    public override string ToString() => Value.ToString(CultureInfo.InvariantCulture);

    public sealed class Converter : JsonConverter<Term>
    {
        public override Term Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, Term value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
