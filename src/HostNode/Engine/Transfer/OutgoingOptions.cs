namespace HostNode.Engine.Transfer;

/// <summary>One transfer, from the source's side.</summary>
public sealed record OutgoingOptions
{
    /// <summary>Migration id; the destination accepts only its own.</summary>
    public required string Attempt { get; init; }

    /// <summary>1 to 16. Two is right on two cores; more gave no reliable gain there.</summary>
    public required int Streams { get; init; }

    /// <summary>Number of the first link; each link opened after it is one higher. Must exceed every link of the same attempt before.</summary>
    public required long FirstLink { get; init; }

    /// <summary>Another agent had begun: ask the destination what it has and owe what differs.</summary>
    public bool Resume { get; init; }

    /// <summary>Both sides hash all memory again in the blackout (about 100 ms/GiB) instead of trusting their tables.</summary>
    public bool FullVerify { get; init; }

    /// <summary>Links tried in a row before giving up; the count starts again with each finished round.</summary>
    public int LinkAttempts { get; init; } = 8;

    /// <summary>Wait before the second try; doubles up to 2 s.</summary>
    public TimeSpan Backoff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A link on which nothing moves for this long counts as broken.</summary>
    public TimeSpan Stall { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Pause between rounds once the guest may be stopped and nobody said so yet.</summary>
    public TimeSpan IdleBetweenRounds { get; init; } = TimeSpan.FromMilliseconds(75);

    /// <summary>A round is at least this long, so that a small guest does not burn its rounds in a blink.</summary>
    public TimeSpan ShortestRound { get; init; } = TimeSpan.FromMilliseconds(20);
}
