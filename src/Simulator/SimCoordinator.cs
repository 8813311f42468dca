using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Permits;

namespace Simulator;

/// <summary>A coordinator process: the production machine over the simulated store. Several may believe at once that they own the shards.</summary>
public sealed class SimCoordinator(SimWorld world, SimStore store, string name, Lane lane)
{
    private readonly Queue<MachineInput> inbox = new();
    private ShardMachine? machine;
    private int incarnation;
    private bool turning;

    public string Name => name;

    public bool Alive => machine is not null;

    /// <summary>Per mille of commits around which the process dies.</summary>
    public int CrashesPerMille { get; set; }

    /// <summary>Takes every shard over; another coordinator that still runs becomes a zombie and learns it at its next append.</summary>
    public void Start()
    {
        incarnation++;
        inbox.Clear();
        turning = false;
        machine = new ShardMachine(new MachineOptions { Node = $"{name}-{incarnation}", ShardCount = store.ShardCount, CodeVersion = "simulated", Permits = new PermitLimits(4, 2, 2) });
        foreach (var lease in store.TakeOver([.. Enumerable.Range(0, store.ShardCount)], $"{name}-{incarnation}")) machine.Own(lease, store.LoadOpen(lease.Shard), world.Time.Now);
        world.TookOver(this);
        Wake(incarnation);
    }

    public void Kill(TimeSpan restartAfter)
    {
        if (machine is null) return;
        world.Counts.Add("coordinator killed");
        world.Note($"{name} is killed");
        machine = null;
        world.Time.After(restartAfter, Start);
    }

    public void Post(MachineInput input)
    {
        if (machine is null) return;
        inbox.Enqueue(input);
        if (turning) return;
        turning = true;
        var mine = incarnation;
        world.Time.After(lane.Ms(0, 3), () => Turn(mine));
    }

    public void HostLinked(SimHost host)
    {
        if (machine is not null) Run(machine.SendAll(host.Id, world.Time.Now));
    }

    private void Wake(int mine)
    {
        if (machine is null || mine != incarnation) return;
        Turn(mine);
        if (world.Settled) return;
        world.Time.After(TimeSpan.FromMilliseconds(500), () => Wake(mine));
    }

    private void Turn(int mine)
    {
        if (machine is null || mine != incarnation) return;
        turning = false;
        var now = world.Time.Now;
        Run(machine.Due(now));
        if (machine is null) return;
        while (inbox.TryDequeue(out var input)) machine.Step(input, now);
        if (machine.Waiting == 0) return;
        while (machine?.TakeBatch() is { } batch)
        {
            if (lane.Chance(CrashesPerMille))
            {
                Kill(lane.Ms(50, 3_000));
                return;
            }

            if (Commit(batch)) break;
        }

        if (machine is null) return;
        if (lane.Chance(CrashesPerMille))
        {
            Kill(lane.Ms(50, 3_000));
            return;
        }

        Run(machine.Committed(now));
    }

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

        switch (outcome)
        {
            case AppendOutcome.Committed:
                return true;
            case AppendOutcome.Fenced:
                // A zombie learns that it is one: it decides nothing more.
                world.Counts.Add("zombie fenced");
                world.Note($"{name} is fenced");
                machine = null;
                return false;
            case AppendOutcome.Unknown:
                var inputs = machine!.RolledBack();
                foreach (var shard in machine.Shards.ToList()) machine.Drop(shard);
                foreach (var lease in store.TakeOver([.. Enumerable.Range(0, store.ShardCount)], $"{name}-{incarnation}")) machine.Own(lease, store.LoadOpen(lease.Shard), world.Time.Now);
                foreach (var input in inputs) machine.Step(input, world.Time.Now);
                return false;
            default:
                throw new InvalidOperationException($"not expected of one owner: {outcome}");
        }
    }

    private void Run(IReadOnlyList<MachineEffect> effects)
    {
        foreach (var effect in effects)
        {
            switch (effect)
            {
                case PublishMessage p:
                    world.ToShard(this, p.Message);
                    break;
                case SendOrder o:
                    world.ToHost(o.Host, o.Order);
                    break;
                case AckReport a:
                    world.Ack(a.Host, a.StartCount, a.N);
                    break;
                case ReplyTo r:
                    r.Reply(r.Result);
                    break;
                case RaiseAlert a:
                    world.Alert(a);
                    break;
            }
        }
    }
}
