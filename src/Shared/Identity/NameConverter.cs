using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>
/// Writes an identifier as its text and refuses a malformed one while reading. The same few thousand names come again and again, in every
/// event of a log: those read last are kept, so that a repeated one is neither checked nor allocated again.
/// </summary>
public sealed class NameConverter<T> : JsonConverter<T> where T : struct, IName<T>
{
    private const int KnownBytesMax = 64;

    private static readonly Name?[] Known = new Name?[2048];

    public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.HasValueSequence || reader.ValueIsEscaped || reader.ValueSpan.Length is 0 or > KnownBytesMax) return Parse(ref reader);
        ref var place = ref Known[Hash(reader.ValueSpan) % (uint)Known.Length];
        if (place is { } name && reader.ValueSpan.SequenceEqual(name.Utf8)) return name.Value;
        var value = Parse(ref reader);
        place = new Name(reader.ValueSpan.ToArray(), value);
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

    // Names differ at their ends: numbers, times.
    private static uint Hash(ReadOnlySpan<byte> utf8)
    {
        var hash = (uint)utf8.Length * 2654435761u;
        if (utf8.Length < 8)
        {
            foreach (var b in utf8) hash = (hash ^ b) * 16777619u;
            return hash ^ (hash >> 15);
        }

        var ends = MemoryMarshal.Read<ulong>(utf8) * 0x9E3779B97F4A7C15ul ^ MemoryMarshal.Read<ulong>(utf8[^8..]) * 0xC2B2AE3D27D4EB4Ful;
        return hash ^ (uint)(ends >> 32) ^ (uint)ends;
    }

    private sealed record Name(byte[] Utf8, T Value);
}
