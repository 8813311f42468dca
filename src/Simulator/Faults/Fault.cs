namespace Simulator;

/// <summary>Names of everything that can go wrong.</summary>
public static class Fault
{
    public const string Dropped = "message dropped";
    public const string Repeated = "message repeated";
    public const string Delayed = "message delayed";
    public const string LinkCut = "link cut";
    public const string LinkCutOneWay = "link cut one way";

    public const string AgentKilled = "agent killed";
    public const string AgentKilledBeforeFsync = "agent killed before fsync";
    public const string AgentKilledAfterFsync = "agent killed after fsync";
    public const string AgentKilledWhileActing = "agent killed while acting";
    public const string JournalTorn = "journal tail torn";
    public const string JournalFsyncFailed = "journal fsync failed";
    public const string JournalDiskFull = "journal disk full";
    public const string AgentStopped = "agent stopped";

    public const string CoordinatorKilledBeforeCommit = "coordinator killed before commit";
    public const string CoordinatorKilledAfterCommit = "coordinator killed after commit";
    public const string CoordinatorKilledWhileSending = "coordinator killed while sending";
    public const string CoordinatorStopped = "coordinator stopped";
    public const string ShardsTaken = "shards taken from a living coordinator";
    public const string Regressed = "old copy of the store put back";

    public const string StoreAway = "store away";
    public const string StoreFull = "store disk full";
    public const string StoreFsyncFailed = "store fsync failed";
    public const string CommitUnknownWritten = "commit unknown, written";
    public const string CommitUnknownLost = "commit unknown, not written";

    public const string HostReboot = "host rebooted";
    public const string HostDestroyed = "host destroyed";
    public const string HostReturned = "written-off host came back";
    public const string GuestKilled = "guest killed";
    public const string GuestFailed = "guest not started";
    public const string IncomingFailed = "receiver failed";
    public const string TransferBroken = "transfer broken";
    public const string TransferCorrupted = "transfer corrupted";

    public const string ClockRate = "clock rate";
    public const string ClockJump = "clock jump";

    public const string Cancelled = "cancelled by a person";
    public const string Forced = "forced by a person";
    public const string Cordoned = "host cordoned";
    public const string Stopped = "guest stopped by a person";
    public const string AskedTwice = "request repeated by its client";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All =
    [
        Dropped, Repeated, Delayed, LinkCut, LinkCutOneWay, AgentKilled,
        AgentKilledBeforeFsync, AgentKilledAfterFsync, AgentKilledWhileActing, JournalTorn, JournalFsyncFailed, JournalDiskFull,
        AgentStopped, CoordinatorKilledBeforeCommit, CoordinatorKilledAfterCommit, CoordinatorKilledWhileSending, CoordinatorStopped, ShardsTaken,
        Regressed, StoreAway, StoreFull, StoreFsyncFailed, CommitUnknownWritten, CommitUnknownLost,
        HostReboot, HostDestroyed, HostReturned, GuestKilled, GuestFailed, IncomingFailed,
        TransferBroken, TransferCorrupted, ClockRate, ClockJump, Cancelled, Forced,
        Cordoned, Stopped, AskedTwice,
    ];
}
