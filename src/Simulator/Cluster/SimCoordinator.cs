using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;

namespace Simulator;

/// <summary>
/// A coordinator process: the production machine, and around it what the production node does with it. Several may believe at once
/// that they own a shard; a stopped one wakes up believing so.
/// </summary>
public sealed class SimCoordinator(SimWorld world, SimStore store, string name, ulong seed)
{
    private readonly Queue<MachineInput> inbox = new();
    private readonly Lane pauses = new(seed, name);
    private readonly Lane disk = new(seed, name + " disk");
    private readonly FaultPlace crashes = world.Faults.Place(name);
    private readonly SimClock clock = new(world.Time);
    private ShardMachine? machine;
    private int incarnation;
    private bool turning;
    private Action? writing;
    private bool isGhost;
    private TimeSpan stoppedUntil;

    public string Name => name;

    public bool Alive => machine is not null;

    /// <summary>Believes that it owns the shard.</summary>
    public bool Owns(int shard) => machine is not null && machine.TermOf(shard) != Coordinator.Shared.Identity.Term.None;

    public bool IsStopped => world.Time.Elapsed < stoppedUntil;

    /// <summary>The machine, for checks.</summary>
    public ShardMachine? Machine => machine;

    /// <summary>Per cent of true time at which the clock of its next process runs.</summary>
    public int ClockRate { get; set; } = 100;

    /// <summary>Takes these shards over; another coordinator that still believes it owns them learns better at its next append.</summary>
    /// <returns>False: the store could not be used; this process is dead.</returns>
    public bool Take(IReadOnlyList<int> shards)
    {
        if (machine is null)
        {
            incarnation++;
            inbox.Clear();
            turning = false;
            writing = null;
            clock.Start(store.Now(), ClockRate);
            machine = new ShardMachine(world.Options.Mutation.SetUp(new MachineOptions
            {
                Node = $"{name}-{incarnation}", ShardCount = store.ShardCount, CodeVersion = "simulated", Permits = world.Options.Permits, SnapshotEvery = 40,
            }));
            Wake(incarnation);
        }

        // Shards change hands between batches only.
        while (writing is { } write) write();
        if (machine is null || !Own(shards)) return false;
        foreach (var shard in shards) world.Owned(shard, this);
        Run(machine!.Reminders());
        world.TookOver(this);
        return true;
    }

    /// <summary>Over an old copy of the database: orders are all that ever leaves it.</summary>
    public void Haunt()
    {
        isGhost = true;
        clock.Start(store.Now(), 100);
        machine = new ShardMachine(new MachineOptions { Node = name, ShardCount = store.ShardCount, CodeVersion = "simulated", Permits = world.Options.Permits });
        Own([.. Enumerable.Range(0, store.ShardCount)]);
        foreach (var host in world.Hosts) Run(machine.SendAll(host.Id, clock.Now));
        Wake(incarnation);
    }

    public void Kill()
    {
        if (machine is null) return;
        world.Trace.Add($"{name} is dead");
        machine = null;
        incarnation++;
        stoppedUntil = TimeSpan.Zero;
        if (!isGhost) world.Died(this);
    }

    /// <summary>SIGSTOP, and SIGCONT after a while: it goes on as if nothing had happened.</summary>
    public void Stop(TimeSpan how)
    {
        if (machine is not null) stoppedUntil = world.Time.Elapsed + how;
    }

    public void Post(MachineInput input)
    {
        if (machine is null || world.Options.Mutation.Hears(this, input) is not { } heard) return;
        inbox.Enqueue(heard);
        if (turning) return;
        turning = true;
        var mine = incarnation;
        world.Time.After(pauses.Ms(0, 3), () => Turn(mine));
    }

    public void HostLinked(SimHost host)
    {
        if (machine is not null && !IsStopped) Run(machine.SendAll(host.Id, clock.Now));
    }

    public override string ToString() => name;

    private void Wake(int mine)
    {
        if (machine is null || mine != incarnation) return;
        if (!IsStopped && machine.NextDue() is { } due && due <= clock.Now) Turn(mine);
        if (!world.IsSettled) world.Time.After(TimeSpan.FromMilliseconds(100), () => Wake(mine));
    }

    private void Turn(int mine)
    {
        if (machine is null || mine != incarnation) return;
        if (IsStopped)
        {
            turning = true;
            world.Time.After(stoppedUntil - world.Time.Elapsed, () => Turn(mine));
            return;
        }

        turning = false;
        var now = clock.Now;
        Run(machine.Due(now));
        if (machine is null) return;
        while (inbox.TryDequeue(out var input)) Step(input, now);
        if (writing is null) Begin(mine);
    }

    // Every other batch takes a while to be written: what arrives meanwhile is decided on states that are not durable yet.
    private void Begin(int mine)
    {
        if (machine is null || machine.Waiting == 0) return;
        var fault = crashes.Happens(world.Options.Coordinator, out var draw);
        if (fault == Fault.CoordinatorKilledBeforeCommit)
        {
            Kill();
            return;
        }

        if (world.Options.Mutation.SendsBeforeCommit)
        {
            SendThenCommit(draw);
            return;
        }

        var batch = machine.TakeBatch();
        writing = () => Write(mine, batch, fault, draw);
        if (batch is null || !disk.Chance(500)) writing();
        else WriteAfter(disk.Ms(1, 30), writing);
    }

    private void WriteAfter(TimeSpan pause, Action write) => world.Time.After(pause, () =>
    {
        if (machine is null || writing != write) return;
        if (IsStopped) WriteAfter(stoppedUntil - world.Time.Elapsed, write);
        else write();
    });

    private void Write(int mine, AppendBatch? batch, string? fault, Draw draw)
    {
        writing = null;
        if (batch is not null && !Commit(batch))
        {
            Begin(mine);
            return;
        }

        var effects = machine!.Committed(clock.Now);
        if (fault == Fault.CoordinatorKilledAfterCommit)
        {
            Kill();
            return;
        }

        if (fault == Fault.CoordinatorKilledWhileSending) effects = [.. effects.Take(draw.Below(effects.Count + 1))];
        Run(effects);
        if (fault == Fault.CoordinatorKilledWhileSending) Kill();
        else if (writing is null) Begin(mine);
    }

    private void Step(MachineInput input, DateTimeOffset now)
    {
        // A client's key that was used before is answered without a new decision, as the node does.
        if (input is CommandArrived { Context.IdempotencyKey: { } key } c && store.FindIdempotent(c.Context.Actor, key) is { } earlier) c.Reply(CommandResult.Repeated(earlier, c.Context));
        else machine!.Step(input, now);
    }

    // False: the batch was rolled back and what may be repeated was decided again.
    private bool Commit(AppendBatch batch)
    {
        AppendOutcome outcome;
        try
        {
            outcome = store.Append(batch);
        }
        catch (StoreUnavailableException)
        {
            foreach (var input in machine!.RolledBack()) (input as CommandArrived)?.Reply(CommandResult.Refused("store.unavailable", "", ""));
            return false;
        }
        catch (StoreBrokenException)
        {
            Kill();
            return false;
        }

        switch (outcome)
        {
            case AppendOutcome.Committed:
                if (!isGhost) world.Checks.Committed(machine!, batch);
                return true;
            case AppendOutcome.Fenced fenced:
                Fenced(fenced.Shards);
                return false;
            case AppendOutcome.KeysTaken taken:
                AgainWithout(taken.Keys);
                return false;
            case AppendOutcome.Unknown:
                TakeOverFromSelf();
                return false;
            default:
                world.Seen.Add("stream changed under its owner");
                Kill();
                return false;
        }
    }

    // A zombie learns that it is one.
    private void Fenced(IReadOnlyList<int> lost)
    {
        world.Seen.Add("zombie fenced");
        world.Trace.Add($"{name} is fenced from {lost.Count} shards");
        var inputs = machine!.RolledBack();
        foreach (var shard in lost) machine.Drop(shard);
        if (!machine.Shards.Any()) Kill();
        else foreach (var input in inputs) machine.Step(input, clock.Now);
    }

    private void AgainWithout(IReadOnlyList<IdempotencyRecord> taken)
    {
        world.Seen.Add("idempotency key taken at commit");
        foreach (var input in machine!.RolledBack())
        {
            if (input is CommandArrived { Context.IdempotencyKey: { } key } c && taken.FirstOrDefault(k => k.Key == key) is { } earlier) c.Reply(CommandResult.Repeated(earlier, c.Context));
            else machine.Step(input, clock.Now);
        }
    }

    private void TakeOverFromSelf()
    {
        var inputs = machine!.RolledBack();
        var owned = machine.Shards.ToList();
        foreach (var shard in owned) machine.Drop(shard);
        if (!Own(owned)) return;
        foreach (var shard in owned.Where(_ => !isGhost)) world.Owned(shard, this);
        Run(machine.Reminders());
        foreach (var input in inputs) machine?.Step(input, clock.Now);
    }

    private bool Own(IReadOnlyList<int> shards)
    {
        try
        {
            foreach (var lease in store.TakeOver(shards, $"{name}-{incarnation}")) machine!.Own(lease, store.LoadOpen(lease.Shard), clock.Now);
            return true;
        }
        catch (StoreUnavailableException)
        {
            Kill();
            return false;
        }
    }

    // Only with a seeded defect: what was sent cannot be unsaid when the commit then fails, and this process does not live to see it.
    private void SendThenCommit(Draw draw)
    {
        var batch = machine!.TakeBatch();
        var owner = machine;
        Run(machine.Committed(clock.Now));
        if (batch is null || machine != owner) return;
        try
        {
            if (crashes.Happens(Fault.CoordinatorKilledBeforeCommit, 20, out _) || store.Append(batch) is not AppendOutcome.Committed) Kill();
        }
        catch (Exception e) when (e is StoreUnavailableException or StoreBrokenException)
        {
            Kill();
        }
    }

    private void Run(IReadOnlyList<MachineEffect> effects)
    {
        if (effects.Count == 0) return;
        foreach (var effect in world.Options.Mutation.Acts(this, effects))
        {
            if (isGhost && effect is not SendOrder) continue;
            switch (effect)
            {
                case PublishMessage p:
                    world.ToShard(p.Message);
                    break;
                case SendOrder o:
                    world.Observer?.Ordered(o.Host, o.Order, isGhost);
                    world.ToHost(o.Host, o.Order);
                    break;
                case AckReport a:
                    world.Ack(a.Host, a.StartCount, a.N);
                    break;
                case ReplyTo r:
                    r.Reply(r.Result);
                    break;
                case RaiseAlert a:
                    world.Checks.Alert(a);
                    break;
            }
        }
    }
}
