using Coordinator.Domain;

namespace Coordinator.Application.Machine;

/// <summary>A stream as it was before a batch, kept while the batch changes it in memory.</summary>
internal sealed class EntryBefore(StreamEntry entry, bool created)
{
    private readonly DateTimeOffset? timerDue = entry.TimerDue;
    private readonly long timerToken = entry.TimerToken;
    private readonly Deadline? deadline = entry.Deadline;
    private readonly (long Snapshot, long Tail) bytes = (entry.SnapshotBytes, entry.TailBytes);

    public object State { get; } = entry.State;

    public int Version { get; } = entry.Version;

    public bool Closed { get; } = entry.Closed;

    public int SnapshotTaken { get; set; }

    /// <summary>The batch made the stream: without it there is none.</summary>
    public bool Created { get; } = created;

    public void Restore(StreamEntry changed)
    {
        changed.State = State;
        changed.Version = Version;
        changed.TimerDue = timerDue;
        changed.TimerToken = timerToken;
        changed.Deadline = deadline;
        changed.Closed = Closed;
        (changed.SnapshotBytes, changed.TailBytes) = bytes;
    }
}
