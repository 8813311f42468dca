using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Domain.Tests.Migrations;

/// <summary>One migration from host-a to host-b, its events and its inputs, for the tables and the stories.</summary>
internal static class Samples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    public static readonly VmId Vm = new("web-1");
    public static readonly HostId A = new("host-a");
    public static readonly HostId B = new("host-b");
    public static readonly MigrationId Id = MigrationId.Create(7, Noon, 1);
    public static readonly Epoch Second = new(2);
    public static readonly GuestSpec Native = new("native", ByteCount.FromMebi(64), 1);
    public static readonly TransferEndpoint Endpoint = new("127.0.0.1", 7500, null);
    public static readonly TransferStats Stats = new(new ByteCount(1000), ByteCount.Zero, 2, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(9));
    public static readonly RoundFacts Round1 = new(1, new ByteCount(1000), TimeSpan.FromSeconds(1), new ByteCount(10), new ByteRate(1000), new ByteRate(10), 0);

    public static readonly MigrationPlan Plan = new(Id, Vm, A, B, Second, Native, MigrationPolicy.Default, "vm-web-1", 1, null, "default");
    public static readonly MigrationPlan PlanQemu = Plan with { Spec = Native with { Driver = "qemu" } };

    public static SwitchoverToken Token(MigrationPlan plan) => new(plan.Vm, plan.Id, plan.Epoch, plan.Source, plan.Destination);

    public static readonly MigrationEvent[] ToPermit = [new MigrationRequested(Plan), new PrecheckPassed(MigrationRole.Source, []), new PrecheckPassed(MigrationRole.Destination, [])];
    public static readonly MigrationEvent[] ToReserving = [.. ToPermit, new PermitObtained()];
    public static readonly MigrationEvent[] ToPreparing = [.. ToReserving, new MigrationStarted()];
    public static readonly MigrationEvent[] ToPreCopying = [.. ToPreparing, new DestinationPrepared(Endpoint)];
    public static readonly MigrationEvent[] ToGranted = [.. ToPreCopying, new PreCopyRoundCompleted(Round1, "ready"), new SwitchoverForecast(TimeSpan.FromMilliseconds(20)), new SwitchoverGranted(Token(Plan))];
    public static readonly MigrationEvent[] ToCancelling = [.. ToGranted, new MigrationCancelling("why not")];
    public static readonly MigrationEvent[] ToForward = [.. ToGranted, new SourceHostLost(), new WentForward()];
    public static readonly MigrationEvent[] ToHeld = [.. ToGranted, new MigrationCancelling("b is off"), new ParticipantWrittenOff(MigrationRole.Destination), new SourceHeld(), new MigrationHeld("nobody knows")];
    public static readonly MigrationEvent[] ToCompleted = [.. ToGranted, new CommitSeen("d", Stats), new MigrationCompleted(MigrationRole.Destination, "d", 12)];
    public static readonly MigrationEvent[] ToAborted = [.. ToGranted, new MigrationAborted("source.rejected", "link broke", MigrationRole.Source, true, true)];
    public static readonly MigrationEvent[] ToLost = [.. ToForward, new MigrationLost("both gone", MigrationRole.Destination)];
    public static readonly MigrationEvent[] ToClosed =
    [
        .. ToCompleted, new SourceReleased(), new DestinationVerified(true, "well"), new PermitReturned(), new ClaimReturned(MigrationRole.Source), new MigrationClosed(MigrationOutcome.Completed),
    ];

    public static IEnumerable<(string Name, MigrationState State)> States()
    {
        yield return ("NotRequested", NotRequested.Instance);
        yield return ("Prechecking", Fold([ToPermit[0]]));
        yield return ("AwaitingPermit", Fold(ToPermit));
        yield return ("Reserving", Fold(ToReserving));
        yield return ("Preparing", Fold(ToPreparing));
        yield return ("PreCopying", Fold(ToPreCopying));
        yield return ("SwitchingOver", Fold(ToGranted));
        yield return ("SwitchingOver+CommitSeen", Fold([.. ToGranted, new CommitSeen("d", Stats)]));
        yield return ("SwitchingOver+asked", Fold([.. ToGranted, new SourceAskedRefusal("no answer")]));
        yield return ("Cancelling", Fold(ToCancelling));
        yield return ("Cancelling+destinationOff", Fold([.. ToCancelling, new ParticipantWrittenOff(MigrationRole.Destination)]));
        yield return ("GoingForward", Fold(ToForward));
        yield return ("Held", Fold(ToHeld));
        yield return ("Held+resumeSource", Fold([.. ToHeld, new HeldResolved("resumeSource", new Epoch(3), "checked the logs", "bob")]));
        yield return ("Held+restartFromDisk", Fold([.. ToHeld, new HeldResolved("restartFromDisk", new Epoch(3), "checked the logs", "bob")]));
        yield return ("Ended(Completed)", Fold(ToCompleted));
        yield return ("Ended(Aborted)", Fold(ToAborted));
        yield return ("Ended(Lost)", Fold(ToLost));
        yield return ("Cancelling+cut", Fold([.. ToPreCopying, new HistoryCut("r")]));
        yield return ("Ended(Completed)+cut", Fold([.. ToGranted, new HistoryCut("r"), new MigrationCompleted(MigrationRole.Destination, "d", 12)]));
        yield return ("Closed", Fold(ToClosed));
    }

    public static IEnumerable<(string Name, MigrationInput Input)> Inputs()
    {
        yield return ("Request", new RequestMigration(Plan));
        yield return ("Permit granted", new PermitAnswered(null));
        yield return ("Permit refused", new PermitAnswered(Problem.Error("permit.no", "no", "wait")));
        yield return ("Reservation granted", new ReservationAnswered(null));
        yield return ("Reservation refused", new ReservationAnswered(Problem.Error("host.memory", "full", "elsewhere")));
        yield return ("Permit returned", new PermitReturnAnswered());
        yield return ("Source claim returned", new ClaimReturnAnswered(MigrationRole.Source));
        yield return ("Destination claim returned", new ClaimReturnAnswered(MigrationRole.Destination));
        yield return ("Cancel", new Cancel("stop"));
        yield return ("ForceSwitchover", new ForceSwitchover("now"));
        yield return ("Resolve resumeSource", new ResolveHeld("resumeSource", new Epoch(3), "checked", "bob"));
        yield return ("Resolve restartFromDisk", new ResolveHeld("restartFromDisk", new Epoch(3), "checked", "bob"));
        yield return ("Resolve wait", new ResolveHeld("wait", new Epoch(3), "checked", "bob"));
        yield return ("Resolve nonsense", new ResolveHeld("nonsense", new Epoch(3), "checked", "bob"));
        yield return ("Source written off", new HostWrittenOff(MigrationRole.Source));
        yield return ("Destination written off", new HostWrittenOff(MigrationRole.Destination));
        yield return ("Deadline", new DeadlineReached());
        yield return ("History cut", new CutHistory("r"));
        foreach (var report in Reports())
        {
            yield return ($"Source: {Named(report)}", new Heard(MigrationRole.Source, report));
            yield return ($"Destination: {Named(report)}", new Heard(MigrationRole.Destination, report));
        }
    }

    public static IEnumerable<MigrationReport> Reports() =>
    [
        new PrecheckReported(Vm, Id, Second, MigrationRole.Source, []),
        new PrecheckReported(Vm, Id, Second, MigrationRole.Source, [Problem.Error("memory.tooSmall", "no room", "elsewhere")]),
        new Prepared(Vm, Id, Second, Endpoint),
        new RoundCompleted(Vm, Id, Second, Round1 with { Round = 2 }, "again"),
        new SwitchoverReady(Vm, Id, Second, TimeSpan.FromMilliseconds(20)),
        new IntentWritten(Vm, Id, Second),
        new CommitSent(Vm, Id, Second, "d", Stats),
        new RefusalAsked(Vm, Id, Second, "no answer"),
        new Rejected(Vm, Id, Second, "gave up", GuestRuns: true, Transient: true),
        new Rejected(Vm, Id, Second, "gone", GuestRuns: false, Transient: false),
        new SourceGone(Vm, Id, Second),
        new Holding(Vm, Id, Second),
        new Released(Vm, Id, Second),
        new Owned(Vm, Id, Second, "d", TimeSpan.FromMilliseconds(12)),
        new Refused(Vm, Id, Second, "asked", Transient: false),
        new Verified(Vm, Id, Second, true, "well"),
    ];

    private static string Named(MigrationReport report) => report switch
    {
        PrecheckReported { Problems.Count: > 0 } => "PrecheckReported(problem)",
        Rejected { GuestRuns: false } => "Rejected(guest lost)",
        _ => report.GetType().Name,
    };

    public static MigrationState Fold(IEnumerable<MigrationEvent> events)
    {
        MigrationState state = NotRequested.Instance;
        var version = 0;
        foreach (var e in events) state = MigrationEvolution.Evolve(state, e, ++version, Noon);
        return state;
    }
}
