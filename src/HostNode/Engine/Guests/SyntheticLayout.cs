namespace HostNode.Engine.Guests;

/// <summary>
/// Where the synthetic guest keeps what in its own memory, a pure function of its specification, so that both hosts agree:
/// page 0 the counter; then one page a vCPU with its private state; then the table of sequence numbers (8 bytes a page of the
/// working set); then the working set. All of it migrates: a lost or stale page contradicts the table, whichever of the two was lost.
/// </summary>
public sealed record SyntheticLayout
{
    public const int PageSize = 4096;
    public const int VcpusMax = 64;

    /// <param name="memory">Bytes of RAM, a multiple of 4096 and at least 1 MiB.</param>
    /// <param name="vcpus">1 to 64.</param>
    /// <param name="workingSet">Bytes wanted; cut to what fits.</param>
    /// <exception cref="ArgumentOutOfRangeException">The message says which figure and what is allowed.</exception>
    public SyntheticLayout(long memory, int vcpus, long workingSet)
    {
        if (WhyNot(memory, vcpus) is { } reason) throw new ArgumentOutOfRangeException(nameof(memory), reason);
        Memory = memory;
        Vcpus = vcpus;
        var room = (memory / PageSize) - 1 - vcpus;
        WorkingSetPages = Math.Clamp(workingSet / PageSize, 0, room * 512 / 513);
        SequenceTable = (1L + vcpus) * PageSize;
        WorkingSet = SequenceTable + ((WorkingSetPages + 511) / 512 * PageSize);
    }

    public long Memory { get; }

    public int Vcpus { get; }

    public long WorkingSetPages { get; }

    /// <summary>Offset of the sequence table.</summary>
    public long SequenceTable { get; }

    /// <summary>Offset of the first page of the working set.</summary>
    public long WorkingSet { get; }

    /// <summary>Offset of the beat counter (8 bytes).</summary>
    public static long Counter => 0;

    /// <summary>Null, or what is wrong with such a guest.</summary>
    public static string? WhyNot(long memory, int vcpus)
    {
        if (memory < 1 << 20 || memory % PageSize != 0) return $"memory of {memory} bytes: at least 1 MiB and a multiple of 4096";
        return vcpus is < 1 or > VcpusMax ? $"{vcpus} vCPUs: 1 to {VcpusMax}" : null;
    }

    /// <summary>Offset of a vCPU's private page: words are cursor, pages written, errors found, random state.</summary>
    public static long Private(int vcpu) => (1L + vcpu) * PageSize;

    /// <summary>Pages of the working set that only this vCPU writes: first (inclusive) and end (exclusive).</summary>
    public (long First, long End) Share(int vcpu) => (WorkingSetPages * vcpu / Vcpus, WorkingSetPages * (vcpu + 1) / Vcpus);
}
