namespace Simulator.Conformance;

/// <summary>One attempt as the model sees it: the log, both hosts' words, the source's hypervisor, every message ever sent.</summary>
internal sealed class TwinAttempt
{
    private uint sent;
    private uint was;

    public required int Epoch { get; init; }

    public required int Source { get; init; }

    public required int Destination { get; init; }

    public LogStatus Status { get; private set; }

    public bool CommitSeen { get; set; }

    public bool IsClosed { get; set; }

    public Word SourceWord { get; set; }

    public Word DestinationWord { get; set; }

    public bool IsHeld { get; set; }

    public Phase Phase { get; set; }

    /// <summary>What this incarnation of the source's agent knows: nothing, that COMMIT was not sent, that it was.</summary>
    public Knows Knows { get; set; }

    /// <summary>Guest writes in the bytes that left.</summary>
    public int BytesVersion { get; set; }

    public bool IsFenced { get; set; }

    public bool HasLock { get; set; }

    /// <summary>The source has a person's resolution in its journal.</summary>
    public bool IsResolved { get; set; }

    /// <summary>Two persons have decided.</summary>
    public bool IsDecided { get; set; }

    /// <summary>The new epoch of the resolution.</summary>
    public int ResolvedEpoch { get; set; }

    public bool IsToldToStop { get; set; }

    /// <summary>Off for good, as a person or the power device says, and as it is.</summary>
    public bool IsSourceOff { get; set; }

    public bool IsSourceWrittenOff { get; set; }

    public bool IsDestinationOff { get; set; }

    /// <summary>There was proof, once, that nothing is left to go forward with.</summary>
    public bool GaveUp { get; set; }

    /// <summary>Nobody decides on it any more.</summary>
    public bool IsOver => Status >= LogStatus.Completed;

    public bool Sent(Message message) => (sent & (1u << (int)message)) != 0;

    public void Send(Message message) => sent |= 1u << (int)message;

    /// <summary>The log said so at some time: a coordinator of that time, perhaps a zombie, may still speak.</summary>
    public bool Was(LogStatus status) => (was & (1u << (int)status)) != 0;

    public void Become(LogStatus status)
    {
        Status = status;
        was |= 1u << (int)status;
    }
}

internal sealed class TwinHost
{
    /// <summary>Newest epoch heard of.</summary>
    public int Highest { get; set; }

    public Copy Copy { get; set; }

    /// <summary>Under which the copy runs, or ran.</summary>
    public int Epoch { get; set; }

    /// <summary>Guest writes in the copy.</summary>
    public int Version { get; set; }

    /// <summary>Agent dead, or its journal gone: no word of it may follow.</summary>
    public bool IsMute { get; set; }
}

internal enum Word
{
    None,
    Intent,
    Rejected,
    Released,
    Prepared,
    Owned,
    Refused,
}

internal enum Copy
{
    None,
    Partial,
    Paused,
    Running,
}

internal enum Phase
{
    Copying,
    Stopped,
    Left,
    Completed,
    Failed,
    Gone,
}

internal enum Knows
{
    Nothing,
    Unsent,
    Sent,
}
