using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using Microsoft.Extensions.Logging;

namespace Coordinator.Application.Node;

/// <summary>
/// One coordinator: a thread that collects waiting inputs of all its shards and lets the machine decide; another one writes the decisions in one
/// transaction (group commit) while the first decides on what arrives meanwhile; only what is written is sent, answered and acknowledged.
/// </summary>
public sealed class CoordinatorNode : IDisposable
{
    // While a batch is being written nothing is in a hurry: to wake up for each input would cost more than deciding on it.
    private const int DecideAheadFrom = 8;

    private static readonly TimeSpan StorePause = TimeSpan.FromMilliseconds(200);

    private readonly IEventStore store;
    private readonly IBus bus;
    private readonly NodeOptions options;
    private readonly ILogger log;
    private readonly ShardMachine machine;
    private readonly NodeClock clock;
    private readonly Queue<MachineInput> inbox = new();
    private readonly Queue<Action> calls = new();
    private readonly List<BusMessage> leaving = [];
    private readonly Dictionary<int, IDisposable> subscriptions = [];
    private readonly List<ICommitListener> listeners = [];
    private readonly Thread thread;
    private readonly CommitThread commits;
    private volatile string? storeTrouble;
    private volatile IReadOnlySet<int> owned = new HashSet<int>();
    private StorePosition? reached;
    private int wakeAt = 1;
    private bool stopping;

    /// <param name="store">The authority: one append at a time, no takeover during one; its read methods at any time.</param>
    /// <param name="bus">Messages between shards and to the hosts' links.</param>
    public CoordinatorNode(NodeOptions options, IEventStore store, IBus bus, ILogger log)
    {
        this.options = options;
        this.store = store;
        this.bus = bus;
        this.log = log;
        clock = new NodeClock(store.Now());
        machine = new ShardMachine(options.Machine);
        commits = new CommitThread(Append, Wake);
        thread = new Thread(Loop) { Name = "coordinator", IsBackground = true };
    }

    /// <summary>The loop died: the process must stop. Completes with the cause.</summary>
    public Task<Exception> Failed => failed.Task;

    private readonly TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Why the store could not be used when it was last tried; null if it could. Looked at again each second.</summary>
    public string? StoreTrouble => storeTrouble;

    /// <summary>Shards this node decides for, as far as it knows: the term in the store is what counts.</summary>
    public IReadOnlySet<int> OwnedShards => owned;

    public bool Owns(int shard) => owned.Contains(shard);

    public DateTimeOffset Now => clock.Now;

    public NodeStatistics Statistics { get; } = new();

    /// <summary>Called on the node's thread for each committed event, in order, before anyone is answered. Add before <see cref="Start"/>.</summary>
    public void Listen(ICommitListener listener) => listeners.Add(listener);

    /// <summary>Begins to decide: for all shards, or, where they are shared, for those it is told to take.</summary>
    /// <exception cref="StoreUnavailableException">The store cannot be used.</exception>
    public void Start()
    {
        if (!options.Shared) Take([.. Enumerable.Range(0, store.ShardCount)]);
        thread.Start();
    }

    /// <summary>Takes shards over, replays what is open in them, says again what they have pending and begins to decide for them.</summary>
    /// <returns>False if the store could not be used: may be repeated.</returns>
    public Task<bool> TakeAsync(IReadOnlyList<int> shards) => Ask(_ => TryUseStore(() => Take(shards)));

    /// <summary>Stops deciding for shards, with what is decided written.</summary>
    /// <returns>What it had, so that the store can be told.</returns>
    public Task<IReadOnlyList<ShardLease>> GiveUpAsync(IReadOnlyList<int> shards) => Ask<IReadOnlyList<ShardLease>>(m =>
    {
        var leases = shards.Where(m.Shards.Contains).Select(shard => new ShardLease(shard, m.TermOf(shard), options.Machine.Node, 0)).ToList();
        Drop(shards);
        return leases;
    });

    /// <summary>Asks the node to do something. The task ends once the answer is durable.</summary>
    /// <returns>A refusal is a value; see <see cref="CommandResult"/>.</returns>
    /// <exception cref="NodeBusyException">Too much is waiting: try again later (HTTP 503).</exception>
    public Task<CommandResult> Submit(Command command, CommandContext context)
    {
        var answer = new TaskCompletionSource<CommandResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        if (context.IdempotencyKey is { } key && store.FindIdempotent(context.Actor, key) is { } earlier) return Task.FromResult(CommandResult.Repeated(earlier, context));
        if (!Post(new CommandArrived(command, context, result => answer.TrySetResult(result)))) throw new NodeBusyException();
        return answer.Task;
    }

    /// <summary>Adds an input; false if the inbox is full. Any thread.</summary>
    public bool Post(MachineInput input)
    {
        lock (inbox)
        {
            if (stopping || inbox.Count >= options.InboxMax) return false;
            inbox.Enqueue(input);
            if (inbox.Count == wakeAt) Monitor.Pulse(inbox);
            return true;
        }
    }

    /// <summary>A host's link stands: everything it has to be told is sent now.</summary>
    public void HostLinked(HostId host) => Call(() => Run(machine.SendAll(host, clock.Now)));

    /// <summary>Runs a read of the machine on its own thread.</summary>
    public Task<T> Ask<T>(Func<ShardMachine, T> read)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        Call(() => answer.TrySetResult(read(machine)));
        return answer.Task;
    }

    /// <summary>Stops deciding; what is decided is written first. What waits is refused; nothing that was answered is lost.</summary>
    public void Dispose()
    {
        lock (inbox)
        {
            stopping = true;
            Monitor.PulseAll(inbox);
        }

        if (thread.IsAlive && Thread.CurrentThread != thread) thread.Join();
        commits.Dispose();
        foreach (var subscription in subscriptions.Values) subscription.Dispose();
        foreach (var input in inbox) (input as CommandArrived)?.Reply(CommandResult.Refused("node.stopping", "this node is shutting down", "send the request again"));
    }

    private void Call(Action call)
    {
        lock (inbox)
        {
            calls.Enqueue(call);
            Monitor.Pulse(inbox);
        }
    }

    private void Wake()
    {
        lock (inbox) Monitor.Pulse(inbox);
    }

    private void Loop()
    {
        try
        {
            List<MachineInput> heard = [];
            List<Action> asked = [];
            while (Wait(heard, asked))
            {
                if (storeTrouble is not null && !commits.IsBusy) LookAtStore();
                Turn(heard);
                heard.Clear();
                if (asked.Count == 0) continue;
                // What is asked of the machine must be durable.
                WriteAll();
                foreach (var call in asked) call();
                asked.Clear();
            }

            WriteAll();
        }
        catch (Exception e)
        {
            // Broken I/O at commit, damaged history, or our own bug: say nothing more, stop the process.
            NodeLog.Stopped(log, e);
            failed.TrySetResult(e);
        }
    }

    private bool Wait(List<MachineInput> heard, List<Action> asked)
    {
        lock (inbox)
        {
            var room = options.BatchMax - machine.Waiting;
            wakeAt = commits.IsBusy ? DecideAheadFrom : 1;
            while (!stopping && calls.Count == 0 && !commits.IsWritten && (inbox.Count < wakeAt || room <= 0))
            {
                var pause = room > 0 && machine.NextDue() is { } due ? due - clock.Now : TimeSpan.FromSeconds(1);
                if (pause <= TimeSpan.Zero) break;
                if (!Monitor.Wait(inbox, pause < TimeSpan.FromSeconds(1) ? pause + TimeSpan.FromMilliseconds(1) : TimeSpan.FromSeconds(1)) && storeTrouble is not null) break;
            }

            while (calls.TryDequeue(out var call)) asked.Add(call);
            while (heard.Count < room && inbox.TryDequeue(out var input)) heard.Add(input);
            return !stopping;
        }
    }

    private void Turn(List<MachineInput> inputs)
    {
        var written = commits.IsWritten ? Finish() : [];
        var now = clock.Now;
        var due = machine.Due(now);
        foreach (var input in inputs) machine.Step(input, now);
        // The next batch is handed over before the effects of the last one come out: the disk does not wait for them.
        var unwritten = commits.IsBusy ? [] : Begin();
        Run(written);
        Run(due);
        Run(unwritten);
        Reached();
    }

    // Hands over what is decided. What needs no writing has its effects at once.
    private IReadOnlyList<MachineEffect> Begin()
    {
        if (machine.Waiting == 0) return [];
        if (machine.TakeBatch() is not { } batch) return machine.Committed(clock.Now);
        commits.Begin(batch);
        return [];
    }

    private void WriteAll()
    {
        while (commits.IsBusy || machine.Waiting > 0)
        {
            Run(commits.IsBusy ? Finish() : Begin());
            Reached();
        }
    }

    // Waits for the batch that is being written. Nothing comes of it if it was rolled back.
    private IReadOnlyList<MachineEffect> Finish()
    {
        var result = commits.Wait();
        if (!IsCommitted(result)) return [];
        var committed = (AppendOutcome.Committed)result.Outcome!;
        reached = committed.Position;
        foreach (var listener in listeners) listener.Begun(committed);
        return machine.Committed(clock.Now);
    }

    private void Reached()
    {
        if (reached is not { } position) return;
        reached = null;
        foreach (var listener in listeners) listener.Reached(position);
    }

    private AppendOutcome Append(AppendBatch batch)
    {
        options.Failpoints?.Committing(batch);
        var outcome = store.Append(batch);
        if (outcome is AppendOutcome.Committed) options.Failpoints?.Committed(batch);
        return outcome;
    }

    // False: the batch was rolled back, with what was decided after it, and what may be repeated was decided again.
    private bool IsCommitted(CommitThread.Result result)
    {
        switch (result.Failure)
        {
            case null:
                break;
            case StoreUnavailableException e:
                NodeLog.StoreUnavailable(log, storeTrouble = e.Message);
                RefuseAll(machine.RolledBack(), e.Message);
                // What is due stays due: without a pause a store that is away would be asked without end.
                Thread.Sleep(StorePause);
                return false;
            default:
                ExceptionDispatchInfo.Throw(result.Failure);
                break;
        }

        Statistics.Appended(result.Batch.Events.Count, result.Took);
        switch (result.Outcome)
        {
            case AppendOutcome.Committed:
                storeTrouble = null;
                return true;
            case AppendOutcome.Fenced fenced:
                Fenced(fenced.Shards);
                return false;
            case AppendOutcome.KeysTaken taken:
                AgainWithout(taken.Keys);
                return false;
            case AppendOutcome.Unknown unknown:
                TakeOverFromSelf(unknown.Detail);
                return false;
            default:
                throw new StoreBrokenException($"streams changed under their owner: {result.Outcome}");
        }
    }

    private static void RefuseAll(IReadOnlyList<MachineInput> inputs, string detail)
    {
        foreach (var input in inputs)
        {
            (input as CommandArrived)?.Reply(CommandResult.Refused("store.unavailable", detail, "nothing was changed: send the request again once the store works"));
            (input as MessageArrived)?.Done?.Invoke();
        }
    }

    private void LookAtStore()
    {
        try
        {
            store.Now();
            storeTrouble = null;
        }
        catch (StoreUnavailableException e)
        {
            storeTrouble = e.Message;
        }
    }

    // Another node owns these shards now. It was told everything that was acknowledged; what was not will be sent to it again.
    private void Fenced(IReadOnlyList<int> lost)
    {
        Statistics.Fenced++;
        NodeLog.Fenced(log, lost.Count, lost[0]);
        var inputs = machine.RolledBack();
        Drop(lost);
        if (!options.Shared && owned.Count == 0) throw new StoreBrokenException("another coordinator process has taken over every shard of this node: this one stops");
        StepAgain(inputs);
    }

    private void AgainWithout(IReadOnlyList<IdempotencyRecord> keys)
    {
        List<MachineInput> rest = [];
        foreach (var input in machine.RolledBack())
        {
            var earlier = input is CommandArrived { Context.IdempotencyKey: { } key } c ? keys.FirstOrDefault(k => k.Key == key && k.Principal == c.Context.Actor) : null;
            if (earlier is not null && input is CommandArrived taken) taken.Reply(CommandResult.Repeated(earlier, taken.Context));
            else rest.Add(input);
        }

        StepAgain(rest);
    }

    // Commit-unknown (design: rule 5): raise the own terms, which waits for the transaction in flight, load again, then decide anew.
    private void TakeOverFromSelf(string detail)
    {
        Statistics.Unknown++;
        NodeLog.CommitUnknown(log, detail);
        var inputs = machine.RolledBack();
        var held = machine.Shards.Select(shard => (shard, machine.TermOf(shard))).ToList();
        foreach (var (shard, _) in held) machine.Drop(shard);
        while (!TryUseStore(() => Own(store.TakeOverAgain(held, options.Machine.Node))))
        {
            // Nothing can be decided before it is known what was: who waits is told to come again, and is not kept waiting.
            List<MachineInput> waiting = [];
            lock (inbox)
            {
                if (stopping) break;
                while (inbox.TryDequeue(out var input)) waiting.Add(input);
            }

            RefuseAll(waiting, storeTrouble!);
            Thread.Sleep(StorePause);
        }

        Drop([.. held.Select(h => h.shard).Except(machine.Shards)]);
        StepAgain(inputs);
    }

    private bool TryUseStore(Action use)
    {
        try
        {
            use();
            storeTrouble = null;
            return true;
        }
        catch (StoreUnavailableException e)
        {
            NodeLog.StoreUnavailable(log, storeTrouble = e.Message);
            return false;
        }
    }

    private void Take(IReadOnlyList<int> shards) => Own(store.TakeOver(shards, options.Machine.Node));

    private void Own(IReadOnlyList<ShardLease> leases)
    {
        var started = Stopwatch.GetTimestamp();
        // What was committed by others, or by us without our knowing, is known before anything is decided on it.
        foreach (var listener in listeners) listener.Missed();
        machine.Contracts = store.Contracts();
        foreach (var lease in leases)
        {
            machine.Own(lease, store.LoadOpen(lease.Shard), clock.Now);
            if (!subscriptions.ContainsKey(lease.Shard)) subscriptions[lease.Shard] = bus.SubscribeUntilDone(BusMessage.Shard(lease.Shard), (m, done) => Heard(lease.Shard, m.Body, done));
        }

        owned = machine.Shards.ToHashSet();
        foreach (var (key, why) in machine.Stopped) NodeLog.Alert(log, "stream.newer", key, why);
        Statistics.Stopped = machine.Stopped.Count();
        Statistics.TookOver(leases.Count, Stopwatch.GetElapsedTime(started));
        NodeLog.TookOver(log, leases.Count, leases.Count == 0 ? 0 : leases.Max(l => l.Term.Value), machine.StreamCount, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        Run(machine.Reminders());
    }

    private void Drop(IReadOnlyList<int> shards)
    {
        foreach (var shard in shards)
        {
            machine.Drop(shard);
            if (subscriptions.Remove(shard, out var subscription)) subscription.Dispose();
        }

        Statistics.Stopped = machine.Stopped.Count();
        owned = machine.Shards.ToHashSet();
    }

    private void Heard(int shard, ShardMessage message, Action? done)
    {
        MachineInput input = message switch
        {
            CommandForwarded f => new CommandArrived(f.Command, f.Context, result => Answer(f, result, done)),
            CommandAsked a => AskedCommands.Arrived(a, answer => bus.Publish(answer), done),
            _ => new MessageArrived(shard, message, done),
        };
        // An inbox that is full loses the message: it will be sent again.
        if (!Post(input)) done?.Invoke();
    }

    private void Answer(CommandForwarded asked, CommandResult result, Action? done)
    {
        bus.Publish(new BusMessage(
            BusMessage.Node(asked.ReplyNode), new CommandAnswered(asked.Id, result.Refusal, result.Stream, result.Version, result.Changed, result.Earlier)));
        done?.Invoke();
    }

    private void StepAgain(IReadOnlyList<MachineInput> inputs)
    {
        foreach (var input in inputs) machine.Step(input, clock.Now);
    }

    private void Run(IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case EventCommitted e:
                    Statistics.Events++;
                    foreach (var listener in listeners) listener.Committed(e.Event);
                    break;
                case PublishMessage p:
                    leaving.Add(p.Message);
                    break;
                case SendOrder o:
                    options.Failpoints?.Sending(o.Order);
                    leaving.Add(new BusMessage(BusMessage.Host(o.Host), new OrderForHost(o.Host, o.Order)));
                    break;
                case AckReport a:
                    leaving.Add(new BusMessage(BusMessage.Host(a.Host), new AckForHost(a.Host, a.StartCount, a.N)));
                    break;
                case MessageDone d:
                    d.Done();
                    break;
                case ReplyTo r:
                    r.Reply(r.Result);
                    break;
                case RaiseAlert a:
                    NodeLog.Alert(log, a.Code, a.Stream, a.Detail);
                    break;
            }
        }

        if (leaving.Count == 0) return;
        bus.Publish(leaving);
        leaving.Clear();
    }
}
