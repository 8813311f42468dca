namespace Simulator;

/// <summary>Delta debugging over the faults of a failing seed (Zeller 1999): leaves out ever smaller parts as long as it still fails.</summary>
public static class Shrink
{
    private const int RunsMax = 400;

    /// <returns>Faults that are enough to break an invariant; all of them if fewer never do.</returns>
    public static List<string> Of(ulong seed, SimOptions options, List<string> faults, string violation)
    {
        var kind = KindOf(violation);
        var parts = 2;
        for (var runs = 0; faults.Count > 0 && runs < RunsMax;)
        {
            var size = (faults.Count + parts - 1) / parts;
            var smaller = (List<string>?)null;
            for (var from = 0; from < faults.Count && smaller is null && runs < RunsMax; from += size, runs++)
            {
                List<string> rest = [.. faults.Take(from), .. faults.Skip(from + size)];
                if (Fails(seed, options, rest, kind)) smaller = rest;
            }

            if (smaller is not null)
            {
                faults = smaller;
                parts = Math.Max(2, parts - 1);
            }
            else if (size == 1)
            {
                break;
            }
            else
            {
                parts = Math.Min(faults.Count, parts * 2);
            }
        }

        return faults;
    }

    // The same kind of violation: another one might be another defect.
    private static bool Fails(ulong seed, SimOptions options, List<string> keep, string kind) =>
        new SimWorld(seed, options with { Keep = keep.ToHashSet(), Trace = false, Words = null }).Run().Violations.Any(v => KindOf(v) == kind);

    // The words without the names: a word with a digit or a hyphen is a name.
    private static string KindOf(string violation) =>
        string.Join(' ', violation.Split(' ').Where(word => (word.Length == 3 && word[0] is 'S' or 'L') || !word.Any(c => char.IsDigit(c) || c == '-')));
}
