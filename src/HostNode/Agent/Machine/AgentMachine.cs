using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;

namespace HostNode.Agent.Machine;

/// <summary>
/// Everything a host decides: the agent's side of the hand-off, placements, recovery after a restart. Synchronous, no clock, no I/O:
/// <see cref="Step"/> returns records that must be durable before any of the effects is carried out. The rules are those of the model
/// in <c>spec/</c> (source.inc, dest.inc); each is named where it stands.
/// </summary>
/// <remarks>One caller at a time. The caller folds nothing by itself during a step: the records returned are folded already.</remarks>
public sealed partial class AgentMachine : IAgentMachine
{
    /// <summary>How long the source waits for the destination's word before it asks for a refusal. Decides when to ask, never what is true.</summary>
    public static readonly TimeSpan AskAfter = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan CommitEvery = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(1);

    private const int ForwardTicksMost = 10;
    private const string NotLoaded = "not completely loaded";

    private readonly AgentIdentity identity;
    private readonly Func<SignedToken, string?> tokenProblem;
    private readonly AgentState state = new();
    private readonly Dictionary<VmId, DiscoveredGuest> guests = [];
    private readonly Dictionary<VmId, PrepareIn> preparing = [];
    private readonly Dictionary<VmId, StartVm> starting = [];
    private List<JournalRecord> records = [];
    private List<AgentEffect> effects = [];
    private DateTimeOffset now;

    /// <param name="tokenProblem">Checks a token's signature and signer: null when it is good, else the reason.</param>
    public AgentMachine(AgentIdentity identity, Func<SignedToken, string?> tokenProblem)
    {
        this.identity = identity;
        this.tokenProblem = tokenProblem;
    }

    /// <summary>Counts the starts of this journal; the present one after <see cref="AgentStarted"/> was stepped.</summary>
    public long StartCount => state.StartCount;

    /// <summary>What this host has seen, for the coordinator's check that its store did not go backwards (design: rule 13).</summary>
    public IReadOnlyList<SubjectMark> Marks =>
        [.. state.Orders.Select(o => new SubjectMark(o.Key, o.Value, o.Key.StartsWith("vm-", StringComparison.Ordinal) && VmId.TryParse(o.Key["vm-".Length..], out var vm) ? state.HighestOf(vm) : Epoch.None))];

    /// <summary>What the journal says of each VM.</summary>
    public IReadOnlyList<VmWord> Words => [.. state.Highest.Keys.Select(WordOf)];

    /// <summary>The last restore of the coordinator's store that was told everything; null for none.</summary>
    public string? Restore => state.Restore;

    /// <summary>Guests placed here.</summary>
    public IReadOnlyList<GuestFact> Guests =>
        [.. state.Placements.Values.Select(p => new GuestFact(p.Vm, p.Spec.Driver, p.Epoch, p.Ran, p.Spec.Memory))];

    /// <summary>Whose memory streams are accepted for an attempt: its source, if this host is prepared for it; else null.</summary>
    public HostId? MigrationSource(MigrationId migration, Epoch epoch) =>
        state.Attempts.TryGetValue(migration, out var a) && a.Epoch == epoch && a is { State: AttemptState.Prepared, Refusing: null } ? a.Order?.Source : null;

    /// <summary>Takes one record of the journal. Only before the first step.</summary>
    public void Fold(JournalRecord record) => state.Fold(record);

    /// <summary>Decides on one input.</summary>
    /// <param name="input">What happened.</param>
    /// <param name="at">Time of this host; only for pauses between questions and for figures.</param>
    public AgentStep Step(AgentInput input, DateTimeOffset at)
    {
        now = at;
        switch (input)
        {
            case AgentStarted s:
                Recover(s);
                break;
            case OrderReceived o:
                Receive(o.Order);
                break;
            case PeerReceived p:
                Hear(p.From, p.Message);
                break;
            case HypervisorReported h:
                Hear(h.Event);
                break;
            case Tick:
                AskAgain();
                break;
            case HubLinked { Restore: { } restore } when restore != state.Restore:
                TellEverything(restore);
                break;
            case HubLinked:
                break;
        }

        if (records.Count == 0 && effects.Count == 0) return AgentStep.Nothing;
        var step = new AgentStep(records, effects);
        records = [];
        effects = [];
        return step;
    }

    // ---- orders

    private void Receive(Order order)
    {
        // R3, rule 11: an older order is dropped; an equal one is answered again; the number is durable before anything follows from it.
        var seen = state.Orders.GetValueOrDefault(order.Subject, -1);
        if (order.Number < seen)
        {
            Log("debug", order, $"order {order.Number} is older than {seen}: dropped");
            return;
        }

        if (order.Number > seen) Write(new OrderSeen(order.Subject, order.Number));
        switch (order)
        {
            case VmOrder o:
                ReceiveVm(o);
                break;
            case MigrationOrder o when IsForeign(o):
                Log("error", o, $"epoch {o.Epoch} of {o.Vm} belongs to another migration here: the coordinator's store has gone backwards");
                break;
            case MigrationOrder o:
                ReceiveMigration(o);
                break;
        }
    }

    // Rule 13: the same epoch under another migration id means that the store forgot what it had decided.
    private bool IsForeign(MigrationOrder o) =>
        o is PrepareIn or MigrateOut or SwitchOver && !state.Attempts.ContainsKey(o.Migration) && state.AttemptsOf(o.Vm).Any(a => a.Epoch == o.Epoch);

    private void ReceiveMigration(MigrationOrder order)
    {
        switch (order)
        {
            case Precheck o:
                effects.Add(new RunPrecheck(o));
                break;
            case PrepareIn o:
                Prepare(o);
                break;
            case MigrateOut o:
                Begin(o);
                break;
            case SwitchOver o:
                Offer(o);
                break;
            case GiveBack o:
                GiveUp(o, o.Reason, verdict: false);
                break;
            case AbortOut o:
                GiveUp(o, o.Reason, verdict: true);
                break;
            case Hold o:
                PromiseHold(o);
                break;
            case Release o:
                ReleaseOnOrder(o);
                break;
            case ResumeSource o:
                Resume(o);
                break;
            case RefuseIn o:
                Refuse(o, o.Reason);
                break;
            case GoForward o:
                Forward(o);
                break;
            case VerifyIn o:
                Verify(o);
                break;
        }
    }

    private Attempt? Known(MigrationOrder order) => state.Attempts.GetValueOrDefault(order.Migration);

    private Attempt? Known(MigrationId migration) => state.Attempts.GetValueOrDefault(migration);

    // ---- peers

    private void Hear(HostId from, PeerMessage message)
    {
        var attempt = Known(message.Migration);
        if (attempt is null || attempt.Vm != message.Vm || attempt.Epoch != message.Epoch || attempt.Peer != from)
        {
            effects.Add(new LogLine("warning", message.Migration, message.Vm, message.Epoch, $"{from} sent {message.GetType().Name} for an attempt in which it has no part: ignored"));
            return;
        }

        switch (message)
        {
            case PeerCommit m:
                HearCommit(attempt, m);
                break;
            case PeerRefuse:
                RefuseAttempt(attempt, "the source asked", transient: true);
                break;
            case PeerOwned when attempt is { State: AttemptState.Intent, Held: false }:
                ReleaseAttempt(attempt);
                break;
            // A source that promised to hold obeys only the coordinator, whatever a destination that came back says (hand-off 2.5).
            case PeerRefused when attempt is { State: AttemptState.Intent, Held: false }:
                HearRefused(attempt);
                break;
        }
    }

    // ---- drivers

    private void Hear(HypervisorEvent happened)
    {
        switch (happened)
        {
            case GuestRunning e:
                HearRunning(e);
                break;
            case GuestFailed e:
                HearFailed(e);
                break;
            case GuestDead e:
                HearDead(e.Vm);
                break;
            case GuestVanished e:
                HearVanished(e);
                break;
            case IncomingReady e when Known(e.Migration) is { State: AttemptState.Prepared } a:
                a.HypervisorPort = e.HypervisorPort;
                a.Ready = true;
                TellPrepared(a);
                break;
            case IncomingLoaded e when Known(e.Migration) is { State: AttemptState.Prepared } a:
                a.Loaded = e.Digest;
                if (a.Early is { } early) HearCommit(a, early);
                if (a.Forward is { } forward && a.State == AttemptState.Prepared) Forward(forward);
                break;
            case IncomingFailed e when Known(e.Migration) is { State: AttemptState.Prepared } a:
                RefuseAttempt(a, e.Reason, transient: true);
                break;
            case OutgoingRound e when Known(e.Migration) is { } a:
                HearRound(a, e);
                break;
            case OutgoingProgress e:
                effects.Add(new SendSample(e.Sample));
                break;
            case OutgoingPaused e when Known(e.Migration) is { } a:
                a.PausedAt = e.At;
                break;
            case OutgoingCompleted e when Known(e.Migration) is { } a:
                HearCompleted(a, e);
                break;
            case OutgoingFailed e when Known(e.Migration) is { } a:
                HearOutgoingFailed(a, e);
                break;
            case GuestVerified e when Known(e.Migration) is { } a:
                Tell(a, new Verified(a.Vm, a.Migration, a.Epoch, e.Well, e.Detail));
                break;
        }
    }

    // ---- what every part uses

    // Folded at once: the caller makes it durable before any effect of this step leaves.
    private void Write(JournalRecord record)
    {
        records.Add(record);
        state.Fold(record);
    }

    private void Tell(Attempt a, MigrationReport report) => effects.Add(new SendReport($"{a.Migration}/{report.GetType().Name}", report));

    private void TellVm(VmReport report) => effects.Add(new SendReport($"{report.Vm}/vm", report));

    private void Drive(string driver, HypervisorCommand command) => effects.Add(new Drive(driver, command));

    private string DriverOf(Attempt a) => a.Plan?.Spec.Driver ?? a.Order?.Spec.Driver ?? DriverOf(a.Vm);

    private string DriverOf(VmId vm) => state.Placements.TryGetValue(vm, out var p) ? p.Spec.Driver : guests.GetValueOrDefault(vm)?.Spec?.Driver ?? "";

    private void Log(string level, Order order, string text) => effects.Add(new LogLine(level, (order as MigrationOrder)?.Migration, order.Vm, null, text));

    private void Log(string level, Attempt a, string text) => effects.Add(new LogLine(level, a.Migration, a.Vm, a.Epoch, text));
}
