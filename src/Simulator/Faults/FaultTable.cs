namespace Simulator;

/// <summary>Kinds of faults of one place and how often each happens, per mille of the questions.</summary>
public sealed class FaultTable(params (string Kind, int PerMille)[] kinds)
{
    public int Total { get; } = kinds.Sum(k => k.PerMille);

    /// <param name="at">0 to 9,999.</param>
    internal string? At(int at)
    {
        foreach (var (kind, perMille) in kinds)
        {
            if (at < perMille * 10) return kind;
            at -= perMille * 10;
        }

        return null;
    }
}
