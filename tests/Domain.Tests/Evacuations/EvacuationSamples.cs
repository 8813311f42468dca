using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Domain.Tests.Evacuations;

/// <summary>Four guests that leave host-a for host-b and host-c in two waves of two, after a canary, and what an evacuation can be told of them.</summary>
internal static class EvacuationSamples
{
    public static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);
    public static readonly EvacuationId Id = EvacuationId.Create(3, Noon, 1);
    public static readonly HostId A = new("host-a");
    public static readonly HostId B = new("host-b");
    public static readonly EvacuationSpec Spec = new([A], new PlanCaps(Global: 2, HostOut: 2, HostIn: 2), Canary: 1, SoakSeconds: 30, WaveSize: 2, Retries: 1);
    public static readonly PlanInstance Instance = new(
        [Host("host-a"), Host("host-b"), Host("host-c")], [.. Enumerable.Range(1, 4).Select(n => new PlanGuest($"web-{n}", "host-a", ByteCount.FromMebi(64 * n)))], ["host-a"],
        Caps: Spec.Caps, Canary: 1, SoakSeconds: 30, WaveSize: 2);
    public static readonly EvacuationPlan Plan = EvacuationPlanner.Plan(Instance);
    public static readonly EvacuationEvent[] ToPending = [new EvacuationRequested(Id, Spec, Instance, Plan)];
    public static readonly EvacuationEvent[] ToCordoning = [.. ToPending, new EvacuationStarted()];
    public static readonly EvacuationEvent[] ToRunning = [.. ToCordoning, new EvacuationHostCordoned(A), new WaveOpened(1)];

    /// <summary>The canary.</summary>
    public static readonly VmId First = new(Plan.Moves.Single(m => m.Wave == 1).Guest);
    public static readonly HostId To = new(Plan.Moves.Single(m => m.Wave == 1).Destination);
    public static readonly EvacuationEvent[] ToStarting = [.. ToRunning, new GuestStarted(First, 1, To, 1)];
    public static readonly EvacuationEvent[] ToMoving = [.. ToStarting, new GuestFollowed(First, 1, Child(1))];
    public static readonly EvacuationEvent[] ToElsewhere = [.. ToStarting, new GuestFollowed(First, 1, null)];
    public static readonly EvacuationEvent[] ToTriedOnce = [.. ToMoving, new GuestFailed(First, 1, "host.memory", "full", Final: false)];
    public static readonly EvacuationEvent[] ToLastTry = [.. ToTriedOnce, new GuestStarted(First, 2, To, 1), new GuestFollowed(First, 2, Child(2))];
    public static readonly EvacuationEvent[] ToSoaking = [.. ToMoving, new GuestArrived(First, 1, Child(1), To)];
    public static readonly EvacuationEvent[] ToOutOfBudget = [.. ToLastTry, new GuestFailed(First, 2, "host.memory", "full", Final: true), new EvacuationPaused("budget", "1 guest has failed")];
    public static readonly EvacuationEvent[] ToPaused = [.. ToMoving, new EvacuationPaused("operator", "lunch")];
    public static readonly EvacuationEvent[] ToAborting = [.. ToMoving, new EvacuationAborting(StopRunning: true)];
    public static readonly EvacuationEvent[] ToAborted = [.. ToAborting, new GuestFailed(First, 1, "cancelled", "by alice", Final: true), new EvacuationEnded(EvacuationOutcome.Aborted, [])];
    public static readonly EvacuationEvent[] ToClosed = [.. ToAborted, new EvacuationHostUncordoned(A), new EvacuationClosed()];

    public static MigrationId Child(int attempt) => MigrationId.Create(7, Noon, attempt);

    public static IEnumerable<(string Name, EvacuationState State)> States()
    {
        yield return ("NoEvacuation", NoEvacuation.Instance);
        yield return ("Pending", Fold([new EvacuationRequested(Id, Spec with { NotBefore = Noon + TimeSpan.FromHours(1) }, Instance, Plan)]));
        yield return ("Running, host not cordoned", Fold(ToCordoning));
        yield return ("Running, canary starting", Fold(ToStarting));
        yield return ("Running, canary moving", Fold(ToMoving));
        yield return ("Running, canary moved by others", Fold(ToElsewhere));
        yield return ("Running, canary to be tried again", Fold(ToTriedOnce));
        yield return ("Running, canary's last try", Fold(ToLastTry));
        yield return ("Running, soaking", Fold(ToSoaking));
        yield return ("Paused", Fold(ToPaused));
        yield return ("Paused, budget spent", Fold(ToOutOfBudget));
        yield return ("Aborting", Fold(ToAborting));
        yield return ("Ended", Fold(ToAborted));
        yield return ("Closed", Fold(ToClosed));
    }

    public static IEnumerable<(string Name, EvacuationInput Input)> Inputs()
    {
        yield return ("Request", new RequestEvacuation(Id, Spec, Instance, Plan));
        yield return ("Request with a blocker", new RequestEvacuation(Id, Spec, Instance, Plan with { Blockers = [new PlanBlocker("x", "web-1", "host-a", "cannot", "help it")] }));
        yield return ("Pause", new Pause("lunch"));
        yield return ("Resume", new Resume());
        yield return ("Abort", new Abort(StopRunning: false));
        yield return ("Abort and stop", new Abort(StopRunning: true));
        yield return ("Retry failed", new RetryFailures());
        yield return ("Replan", new Replan(Instance, Plan));
        yield return ("Host cordoned", new HostAnswered(A, Uncordoned: false));
        yield return ("Host uncordoned", new HostAnswered(A, Uncordoned: true));
        yield return ("Child begun", new ChildDecided(First, 1, Child(1), null));
        yield return ("Child begun, a later try", new ChildDecided(First, 2, Child(2), null));
        yield return ("Child refused: moved by others", new ChildDecided(First, 1, null, new Refusal("vm.migrating", "busy", "wait")));
        yield return ("Child refused: not running", new ChildDecided(First, 1, null, new Refusal("vm.notRunning", "off", "start it")));
        yield return ("Guest: busy", Seen(A, busy: true));
        yield return ("Guest: at its source, a hint that may be old", Seen(A, Child(0), MigrationOutcome.Aborted, "deadline", asked: null));
        yield return ("Guest: at its source, its own hint", Seen(A, Child(1), MigrationOutcome.Aborted, "host.memory", asked: null));
        yield return ("Guest: at its source, passing", Seen(A, Child(1), MigrationOutcome.Aborted, "host.memory"));
        yield return ("Guest: at its source, transient, try 2", Seen(A, Child(2), MigrationOutcome.Aborted, "link", transient: true, asked: 2));
        yield return ("Guest: at its source, for good", Seen(A, Child(1), MigrationOutcome.Aborted, "deadline"));
        yield return ("Guest: at its source, another one since", Seen(A, Child(9), MigrationOutcome.Completed));
        yield return ("Guest: lost", new GuestTold(First, new GuestNews(A, true, false, Child(2), MigrationOutcome.Lost, null, "gone", false), 1));
        yield return ("Guest: arrived", Seen(To, Child(1), MigrationOutcome.Completed));
        yield return ("Guest: unknown", new GuestTold(First, new GuestNews(null, false, false, null, null, null, null, false), 1));
        yield return ("Time", new TimePassed());
    }

    public static EvacuationState Fold(IEnumerable<EvacuationEvent> events)
    {
        EvacuationState state = NoEvacuation.Instance;
        var version = 0;
        foreach (var e in events) state = EvacuationEvolution.Evolve(state, e, ++version, Noon);
        return state;
    }

    public static GuestTold Seen(HostId host, MigrationId? last = null, MigrationOutcome? outcome = null, string? code = null, bool transient = false, bool busy = false, int? asked = 1) =>
        new(First, new GuestNews(host, false, busy, last, outcome, code, code, transient), asked);

    private static PlanHost Host(string name) => new(name, ByteCount.FromMebi(4096), 16, new PlanLink(ByteRate.FromMebi(100)));
}
