using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Simulator;

/// <summary>How big a run is, and how hard. Chances are per mille.</summary>
public sealed record SimOptions
{
    public static readonly SimOptions Default = new();

    public int Hosts { get; init; } = 4;

    public int Coordinators { get; init; } = 3;

    public int Vms { get; init; } = 8;

    public int Shards { get; init; } = 4;

    /// <summary>Migrations asked for in one run; some are refused.</summary>
    public int Requests { get; init; } = 34;

    /// <summary>VMs are registered on so many of the hosts; null: on all.</summary>
    public int? PlacedOn { get; init; }

    public ByteCount GuestMemory { get; init; } = ByteCount.FromMebi(64);

    public PermitLimits Permits { get; init; } = new(4, 2, 2);

    /// <summary>Evacuations asked for at random times, and paused, resumed and aborted at others; some are refused.</summary>
    public int Evacuations { get; init; }

    /// <summary>One evacuation with this spec, asked for once all VMs run. Its budget once spent, somebody aborts it.</summary>
    public EvacuationSpec? Campaign { get; init; }

    /// <summary>Faults and requests stop then; afterwards everything must settle.</summary>
    public TimeSpan FaultsUntil { get; init; } = TimeSpan.FromSeconds(24);

    /// <summary>Virtual time by which it must have settled. Deadlines and pauses grow up to half a minute, and a person acts every ten seconds.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Only these faults, by name; null: all. For replaying and for shrinking.</summary>
    public IReadOnlySet<string>? Keep { get; init; }

    /// <summary>Write the timeline down.</summary>
    public bool Trace { get; init; }

    /// <summary>Everything that crosses a process border goes through its JSON. Null: in one of 16 seeds.</summary>
    public bool? Json { get; init; }

    /// <summary>A seeded defect; only tests have one.</summary>
    public Mutation Mutation { get; init; } = Mutation.None;

    /// <summary>The twin of the model in spec/ judges every step.</summary>
    public bool Conformance { get; init; } = true;

    /// <summary>Told every word of the hand-off as it becomes durable or happens, in order: for comparing with the model.</summary>
    public Action<HandoffWord>? Words { get; init; }

    public FaultTable Network { get; init; } = new((Fault.Dropped, 20), (Fault.Repeated, 20), (Fault.Delayed, 30));

    public FaultTable Agent { get; init; } = new(
        (Fault.AgentKilledBeforeFsync, 3), (Fault.AgentKilledAfterFsync, 3), (Fault.AgentKilledWhileActing, 2), (Fault.JournalTorn, 2), (Fault.JournalFsyncFailed, 1));

    public FaultTable Coordinator { get; init; } = new(
        (Fault.CoordinatorKilledBeforeCommit, 1), (Fault.CoordinatorKilledAfterCommit, 1), (Fault.CoordinatorKilledWhileSending, 1));

    public FaultTable Store { get; init; } = new((Fault.StoreAway, 2), (Fault.CommitUnknownWritten, 1), (Fault.CommitUnknownLost, 1), (Fault.StoreFsyncFailed, 1));

    /// <summary>What people do after they have asked for a migration, and when they see one switch over.</summary>
    public FaultTable AfterRequest { get; init; } = new((Fault.Cancelled, 70), (Fault.Forced, 40), (Fault.AskedTwice, 60));

    public FaultTable AtGrant { get; init; } = new((Fault.Cancelled, 40), (Fault.Forced, 10));

    /// <summary>Of rounds: the forecast is that it will never converge.</summary>
    public int GivesUp { get; init; } = 15;

    public int TransferBroken { get; init; } = 8;

    public int TransferCorrupted { get; init; } = 4;

    public int IncomingFailed { get; init; } = 8;

    public int GuestFailed { get; init; } = 8;

    /// <summary>Faults that are planned at the start, per run and node or link.</summary>
    public int Reboot { get; init; } = 100;

    public int Destroyed { get; init; } = 40;

    public int Cut { get; init; } = 150;

    public int Stopped { get; init; } = 150;

    public int DiskFull { get; init; } = 60;

    public int ShardsTaken { get; init; } = 300;

    public int Regressed { get; init; } = 60;

    public int ClockRate { get; init; } = 300;

    public int ClockJump { get; init; } = 100;

    public int GuestKilled { get; init; } = 40;
}
