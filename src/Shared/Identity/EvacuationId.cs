using System.Buffers;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>Id of one evacuation, <c>e-SSS-TTTTTTTTTTTNNNN</c>: its shard, the time of the request and a number within it, as a <see cref="MigrationId"/> has them.</summary>
[JsonConverter(typeof(NameConverter<EvacuationId>))]
public readonly record struct EvacuationId(string Value) : IName<EvacuationId>
{
    private const string Prefix = "evacuation-";

    private const int Length = 21;

    private static readonly SearchValues<char> Hex = SearchValues.Create("0123456789abcdef");

    /// <param name="shard">0 to 4095.</param>
    /// <param name="at">Time of the request.</param>
    /// <param name="number">Tells apart ids of one shard within one millisecond; the low 16 bits count.</param>
    public static EvacuationId Create(int shard, DateTimeOffset at, int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"e-{shard:x3}-{at.ToUnixTimeMilliseconds():x11}{number & 0xffff:x4}"));

    /// <exception cref="FormatException">Not an evacuation id.</exception>
    public static EvacuationId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("not an evacuation id (e-SSS-TTTTTTTTTTTNNNN)");

    public static bool TryParse(string? text, out EvacuationId id)
    {
        var valid = text is { Length: Length } && text.StartsWith("e-", StringComparison.Ordinal) && text[5] == '-' && IsHex(text.AsSpan(2, 3)) && IsHex(text.AsSpan(6));
        id = valid ? new EvacuationId(text!) : default;
        return valid;
    }

    /// <summary>The evacuation that a stream is the history of.</summary>
    public static bool TryParseKey(string? streamKey, out EvacuationId id)
    {
        id = default;
        return streamKey is not null && streamKey.StartsWith(Prefix, StringComparison.Ordinal) && TryParse(streamKey[Prefix.Length..], out id);
    }

    /// <summary>The shard that owns this evacuation.</summary>
    public int Shard => int.Parse(Value.AsSpan(2, 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Key of this evacuation's event stream.</summary>
    public string StreamKey => Prefix + Value;

    /// <summary>Who acts, in the envelopes of what it causes elsewhere.</summary>
    public string Actor => "evacuation/" + Value;

    public override string ToString() => Value;

    private static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(Hex);
}
