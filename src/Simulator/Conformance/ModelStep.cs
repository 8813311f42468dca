namespace Simulator.Conformance;

/// <summary>One step of a hand-off that somebody could see from outside, as <c>spec/handoff.pml</c> names it under <c>-DTRACE</c>.</summary>
/// <param name="Attempt">Which attempt; 0 where a step belongs to none.</param>
/// <param name="Host">Where; for <see cref="StepKind.Sent"/>, <see cref="StepKind.Log"/> the message or the status stands here.</param>
public readonly record struct ModelStep(StepKind Kind, int Attempt, int Host)
{
    public override string ToString() => Kind switch
    {
        StepKind.Sent => $"{(Message)Host} of attempt {Attempt} is sent",
        StepKind.Log => $"the log says {(LogStatus)Host} of attempt {Attempt}",
        _ => $"{Kind} of attempt {Attempt} at host {Host}",
    };
}

public enum StepKind
{
    /// <summary>A message leaves; from then on it may arrive at any time, any number of times.</summary>
    Sent,

    /// <summary>An attempt is planned: source and destination.</summary>
    Hosts,

    // ---- the log
    Log,
    CommitSeen,
    Closed,

    // ---- a journal
    Begun,
    Intent,
    Rejected,
    Released,
    Prepared,
    Owned,
    Refused,
    Held,

    /// <summary>REJECTED by a person's resolution, together with its new epoch.</summary>
    Resolved,

    // ---- hypervisors
    Wrote,
    Stopped,
    Left,
    Loaded,
    Done,
    Failed,
    Runs,
    Destroyed,
    FromDisk,
    Lock,

    // ---- faults
    Crash,
    HostLost,
    JournalLost,
    Dead,
    Fence,
    Off,
    WrittenOff,
}

/// <summary>Numbers as in <c>spec/handoff.pml</c>.</summary>
public enum Message
{
    Begin,
    Prep,
    Ready,
    Grant,
    State,
    Ack,
    Commit,
    CommitCopy,
    RefuseDirect,
    AskCoordinator,
    GiveBack,
    RefuseOrder,
    OwnedToSource,
    OwnedToLog,
    RefusedToSource,
    RefusedToLog,
    Rejected,
    Released,
    DoneToSource,
    AbortToSource,
    AbortToDestination,
    Gone,
    GoForward,
    Hold,
    Held,
    Resolution,
}

/// <summary>Numbers as in <c>spec/handoff.pml</c>.</summary>
public enum LogStatus
{
    None,
    Started,
    Granted,
    Cancelling,
    Forward,
    Completed,
    Aborted,
    Lost,
    Held,
}
