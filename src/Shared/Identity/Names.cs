namespace Coordinator.Shared.Identity;

/// <summary>The one rule for names that people choose.</summary>
public static class Names
{
    public const int LengthMax = 63;

    public static bool IsValid(string? text)
    {
        if (string.IsNullOrEmpty(text) || text.Length > LengthMax || !char.IsAsciiLetterOrDigit(text[0])) return false;
        foreach (var c in text)
        {
            if (!(char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '-')) return false;
        }

        return true;
    }

    public static string Refusal(string kind, string? text)
    {
        var shown = text is null ? "nothing" : "'" + (text.Length > 80 ? text[..80] + "…" : text) + "'";
        return $"{shown} is not a {kind} name: use 1 to {LengthMax} characters of a-z 0-9 . -, beginning with a letter or digit";
    }
}
