namespace Simulator;

/// <summary>A place where something can go wrong: a link, a disk, a process. Asks one numbered question each time it is passed.</summary>
public sealed class FaultPlace(FaultBook book, string name, ulong seed)
{
    private int asked;

    /// <summary>Does <paramref name="kind"/> happen here and now?</summary>
    public bool Happens(string kind, int perMille, out Draw draw)
    {
        draw = default;
        if (book.IsOver) return false;
        var word = Lane.Mix(seed + ((ulong)++asked * 0x9e3779b97f4a7c15UL));
        if ((int)(word % 10_000) >= perMille * 10) return false;
        draw = new Draw(word);
        return book.Keeps(name, asked, kind);
    }

    /// <summary>Which of these happens here and now, if any? At most one.</summary>
    public string? Happens(FaultTable table, out Draw draw)
    {
        draw = default;
        if (book.IsOver) return null;
        var word = Lane.Mix(seed + ((ulong)++asked * 0x9e3779b97f4a7c15UL));
        var at = (int)(word % 10_000);
        if (at >= table.Total * 10 || table.At(at) is not { } kind) return null;
        draw = new Draw(word);
        return book.Keeps(name, asked, kind) ? kind : null;
    }
}
