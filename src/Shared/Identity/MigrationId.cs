using System.Globalization;
using System.Text.Json.Serialization;

namespace Coordinator.Shared.Identity;

/// <summary>
/// Id of one migration attempt, <c>m-SSS-TTTTTTTTTTTNNNN</c>: the shard (3 hexadecimal digits, so that any id finds its shard),
/// the time of the request (11 hexadecimal digits of Unix milliseconds) and a number within it (4), so that keys of one shard are
/// ordered by time: random keys cost ten times more at the 99th percentile of an embedded store.
/// </summary>
[JsonConverter(typeof(NameConverter<MigrationId>))]
public readonly record struct MigrationId(string Value) : IName<MigrationId>
{
    private const int Length = 21;

    /// <param name="shard">0 to 4095.</param>
    /// <param name="at">Time of the request.</param>
    /// <param name="number">Tells apart ids of one shard within one millisecond, also if clocks show it twice; the low 16 bits count.</param>
    public static MigrationId Create(int shard, DateTimeOffset at, int number) =>
        new(string.Create(CultureInfo.InvariantCulture, $"m-{shard:x3}-{at.ToUnixTimeMilliseconds():x11}{number & 0xffff:x4}"));

    /// <exception cref="FormatException">Not a migration id.</exception>
    public static MigrationId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException("not a migration id (m-SSS-TTTTTTTTTTTNNNN)");

    public static bool TryParse(string? text, out MigrationId id)
    {
        var valid = text is { Length: Length } && text[0] == 'm' && text[1] == '-' && text[5] == '-'
            && IsHex(text.AsSpan(2, 3)) && IsHex(text.AsSpan(6));
        id = valid ? new MigrationId(text!) : default;
        return valid;
    }

    /// <summary>The shard that owns this migration and its VM.</summary>
    public int Shard => int.Parse(Value.AsSpan(2, 3), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>Key of this migration's event stream.</summary>
    public string StreamKey => "migration-" + Value;

    public override string ToString() => Value;

    private static bool IsHex(ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (!char.IsAsciiHexDigitLower(c)) return false;
        }

        return true;
    }
}
