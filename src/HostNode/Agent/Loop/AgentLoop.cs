using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Journal;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Loop;

/// <summary>
/// One thread: inputs in, <see cref="IAgentMachine.Step"/>, records made durable, effects out. All inputs that wait share one flush.
/// Nothing is said or done before it is durable; a journal that fails ends <see cref="Run"/> with its exception and the process with it.
/// </summary>
public sealed class AgentLoop(Inbox inbox, IAgentMachine machine, AgentJournal journal, IEffectRunner effects, TimeProvider clock, Failpoints failpoints)
{
    /// <summary>Told of each record once it is durable and the effects of its step are on their way: for the log.</summary>
    public Action<JournalRecord> Recorded { get; init; } = static _ => { };

    private const int BatchMost = 256;
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(100);

    private readonly List<LoopItem> _batch = [];
    private readonly List<JournalRecord> _records = [];
    private readonly List<AgentEffect> _effects = [];
    private readonly Dictionary<VmId, MigrationRole> _roles = [];
    private long _tickAt;

    /// <summary>Steps one input, durable and with its effects, on the calling thread: the first of all, before anything can be posted by links.</summary>
    public void RunOnce(AgentInput input)
    {
        _batch.Add(new LoopItem.Input(input));
        RunBatch();
    }

    /// <summary>Until the inbox is closed; what waits then is still done.</summary>
    /// <exception cref="JournalFailedException">The process must end now.</exception>
    public void Run()
    {
        _tickAt = clock.GetTimestamp();
        while (inbox.Take(_batch, BatchMost, TickEvery - clock.GetElapsedTime(_tickAt)))
        {
            if (clock.GetElapsedTime(_tickAt) >= TickEvery)
            {
                _tickAt = clock.GetTimestamp();
                _batch.Add(new LoopItem.Input(new Tick()));
            }

            RunBatch();
        }
    }

    private void RunBatch()
    {
        foreach (var item in _batch)
        {
            if (item is LoopItem.Input input) Step(input.Value);
            else if (item is LoopItem.Question question) question.Answer(machine);
        }

        _batch.Clear();
        journal.Commit();
        foreach (var record in _records) failpoints.Hit("after-persist", Kinds.Of(record), RoleOf(record));
        foreach (var effect in _effects) effects.Run(effect, RoleOf(effect));
        foreach (var record in _records) Recorded(record);
        _effects.Clear();
        _records.Clear();
    }

    private void Step(AgentInput input)
    {
        var (vm, role) = Kinds.Subject(input);
        failpoints.Hit("on-input", Kinds.Of(input), role ?? RoleOf(vm));
        var step = machine.Step(input, clock.GetUtcNow());
        foreach (var record in step.Records)
        {
            Remember(record);
            failpoints.Hit("before-persist", Kinds.Of(record), RoleOf(record));
        }

        journal.Append(step.Records);
        _records.AddRange(step.Records);
        _effects.AddRange(step.Effects);
    }

    // Which part this host last took in a VM's migrations: only to name failpoints, never to decide.
    private void Remember(JournalRecord record)
    {
        if (record is AttemptBegun begun) _roles[begun.Plan.Vm] = MigrationRole.Source;
        if (record is AttemptPrepared prepared) _roles[prepared.Order.Vm] = MigrationRole.Destination;
    }

    private MigrationRole? RoleOf(VmId? vm) => vm is { } known && _roles.TryGetValue(known, out var role) ? role : null;

    private MigrationRole? RoleOf(JournalRecord record) => Kinds.RoleOf(record) ?? (record is VmRan ran ? RoleOf(ran.Vm) : null);

    private MigrationRole? RoleOf(AgentEffect effect) => effect switch
    {
        SendReport send => Kinds.RoleOf(send.Report) ?? RoleOf(send.Report.Vm),
        SendPeer send => Kinds.SenderOf(send.Message),
        ReplyPeer reply => Kinds.SenderOf(reply.Message),
        Drive drive => Kinds.RoleOf(drive.Command) ?? RoleOf(drive.Command.Vm),
        _ => null,
    };
}
