using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Coordinator.Server.Api;

/// <summary>Cursors are opaque to clients: today the key of the last row of the page, with a version letter before it.</summary>
public static class Cursors
{
    public const int LimitDefault = 100;
    public const int LimitMax = 1_000;
    private const string Version = "a:";

    public static string Make(string lastKey) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Version + lastKey));

    /// <summary>The key to continue after; null for the first page.</summary>
    /// <exception cref="RefusedException">Not a cursor of this server.</exception>
    public static string? Read(string? cursor)
    {
        if (string.IsNullOrEmpty(cursor)) return null;
        if (!Base64Url.IsValid(cursor)) throw Bad();
        var text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor));
        return text.StartsWith(Version, StringComparison.Ordinal) ? text[Version.Length..] : throw Bad();
    }

    /// <exception cref="RefusedException">Not a number, or out of range.</exception>
    public static int Limit(string? limit)
    {
        if (string.IsNullOrEmpty(limit)) return LimitDefault;
        return int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value is >= 1 and <= LimitMax
            ? value
            : throw new RefusedException(ApiProblems.BadField("limit", $"must be a whole number from 1 to {LimitMax}"));
    }

    private static RefusedException Bad() => new(ApiProblems.BadField("cursor", "is not a cursor of this server; begin without one"));
}
