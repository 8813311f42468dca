namespace Simulator;

/// <summary>
/// Every fault of a run has a name, PLACE.NUMBER: the number of the question that its place asked. A question draws from its own number
/// and nothing else, so a run in which only some faults are kept asks the same questions and gets the same answers everywhere else.
/// </summary>
public sealed class FaultBook(ulong seed, Timeline time, Counts faults, IReadOnlySet<string>? keep)
{
    private readonly List<(string Place, int Number, string Kind, TimeSpan At)> happened = [];

    /// <summary>From here on nothing goes wrong any more.</summary>
    public bool IsOver { get; set; }

    /// <summary>Names of the faults put in so far, in order, with what they were: "host-a.crash.17 agent killed before fsync".</summary>
    public IEnumerable<(string Name, string Kind, TimeSpan At)> Happened => happened.Select(f => ($"{f.Place}.{f.Number}", f.Kind, f.At));

    public FaultPlace Place(string name) => new(this, name, Lane.SeedOf(seed, "fault/" + name));

    internal bool Keeps(string place, int number, string kind)
    {
        if (keep is not null && !keep.Contains($"{place}.{number}")) return false;
        happened.Add((place, number, kind, time.Elapsed));
        faults.Add(kind);
        return true;
    }
}
