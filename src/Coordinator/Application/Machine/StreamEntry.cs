using Coordinator.Domain;

namespace Coordinator.Application.Machine;

/// <summary>An open stream in memory: its folded state and what is stored beside it.</summary>
public sealed class StreamEntry
{
    public required string Key { get; init; }

    public required int Shard { get; init; }

    /// <summary>A migration's, VM's, host's or pool's state.</summary>
    public required object State { get; set; }

    public int Version { get; set; }

    public int SnapshotVersion { get; set; }

    /// <summary>Size of the last snapshot, and of the event bodies since: whether the next one is worth writing.</summary>
    public long SnapshotBytes { get; set; }

    public long TailBytes { get; set; }

    public bool Closed { get; set; }

    /// <summary>The one timer of the stream, as stored.</summary>
    public DateTimeOffset? TimerDue { get; set; }

    public long TimerToken { get; set; }

    /// <summary>The deadline the timer stands for: when it changes the timer is written anew.</summary>
    public Deadline? Deadline { get; set; }

    /// <summary>Volatile: when what is pending is sent again.</summary>
    public DateTimeOffset SendAgainAt { get; set; }

    /// <summary>Volatile: what was pending when it was last sent, so that a commit sends only what it made new.</summary>
    public (long Source, long Destination, int Claims) Sent { get; set; }

    /// <summary>Volatile: places in the machine's queues (see <see cref="DueQueue"/>).</summary>
    internal int TimerPlace;
    internal int SendingPlace;

    /// <summary>Volatile: how often it was sent without an answer, for the growing pause between sendings.</summary>
    public int Sendings { get; set; }
}
