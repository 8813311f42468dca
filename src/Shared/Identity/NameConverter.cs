using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>
/// Writes an identifier as its text and refuses a malformed one while reading. The same few thousand names come again and again, in every
/// event of a log: one that was read lately is neither checked nor allocated again.
/// </summary>
public sealed class NameConverter<T> : JsonConverter<T> where T : struct, IName<T>
{
    private static readonly KnownBytes<T> Known = new(2048);

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped) return Parse(ref reader);
        if (Known.TryFind(reader.ValueSpan, out var name)) return name;
        var value = Parse(ref reader);
        Known.Keep(reader.ValueSpan, value);
        return value;
    }

    public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Read(ref reader, typeToConvert, options);

    public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(value.Value);

    public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);

    private static T Parse(ref Utf8JsonReader reader)
    {
        try
        {
            return T.Parse(reader.GetString() ?? "");
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }
}
