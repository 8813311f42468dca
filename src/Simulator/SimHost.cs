using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;

namespace Simulator;

/// <summary>A host: its durable journal, its guests, and an agent that can be killed at any step, before or after its fsync.</summary>
public sealed class SimHost
{
    private static readonly TimeSpan Resend = TimeSpan.FromSeconds(2);

    private readonly SimWorld world;
    private readonly Lane crashes;
    private readonly List<JournalRecord> journal = [];
    private readonly Dictionary<string, (long N, Report Report)> unacknowledged = [];
    private AgentMachine? machine;
    private long reports;
    private int incarnation;
    private int boots;

    public SimHost(SimWorld world, HostId id, ulong seed)
    {
        this.world = world;
        Id = id;
        crashes = new Lane(seed, "crash/" + id);
        Hypervisor = new SimHypervisor(world, this, new Lane(seed, "hypervisor/" + id));
    }

    public HostId Id { get; }

    public SimHypervisor Hypervisor { get; }

    public bool PoweredOn { get; private set; } = true;

    /// <summary>Written off by a person: never comes back.</summary>
    public bool WrittenOff { get; private set; }

    public bool Alive => machine is not null;

    public IReadOnlyList<JournalRecord> Journal => journal;

    /// <summary>Per mille of steps in which the agent dies before or after its fsync.</summary>
    public int CrashesPerMille { get; set; }

    public TransferEndpoint Endpoint => new("10.0.0.1", 7500, null);

    public void StartAgent()
    {
        if (!PoweredOn || machine is not null) return;
        incarnation++;
        unacknowledged.Clear();
        machine = new AgentMachine(new AgentIdentity(Id, Endpoint), _ => null);
        foreach (var record in journal) machine.Fold(record);
        Hear(new AgentStarted(Hypervisor.Discover(), $"boot-{boots}"));
        if (machine is null) return;
        var mine = incarnation;
        Tick(mine);
        world.HostLinked(this);
    }

    public void KillAgent(TimeSpan restartAfter)
    {
        if (machine is null) return;
        machine = null;
        world.Counts.Add("agent killed");
        world.Time.After(restartAfter, StartAgent);
    }

    /// <summary>The host's memory is gone: all its guests, and its agent. It comes back with its journal, unless written off.</summary>
    public void PowerOff(TimeSpan? backAfter)
    {
        world.Counts.Add("host lost");
        foreach (var guest in Hypervisor.Guests.Values) world.CopyDestroyed(this, guest);
        Hypervisor.Guests.Clear();
        machine = null;
        PoweredOn = false;
        if (backAfter is not { } back)
        {
            WrittenOff = true;
            return;
        }

        world.Time.After(back, () =>
        {
            PoweredOn = true;
            boots++;
            StartAgent();
        });
    }

    /// <summary>An input for the agent; lost if it is dead.</summary>
    public void Hear(AgentInput input)
    {
        if (machine is null) return;
        var step = machine.Step(input, world.Time.Now);
        var dies = step.Records.Count > 0 && crashes.Chance(CrashesPerMille) ? crashes.Below(2) : -1;
        if (dies == 0)
        {
            world.Counts.Add("agent killed before fsync");
            KillAgent(crashes.Ms(50, 4_000));
            return;
        }

        journal.AddRange(step.Records);
        if (dies == 1)
        {
            world.Counts.Add("agent killed after fsync");
            KillAgent(crashes.Ms(50, 4_000));
            return;
        }

        foreach (var effect in step.Effects) Run(effect);
    }

    public void Acknowledged(long startCount, long n)
    {
        if (machine is null || startCount != machine.StartCount) return;
        foreach (var key in unacknowledged.Where(u => u.Value.N == n).Select(u => u.Key).ToList()) unacknowledged.Remove(key);
    }

    public void SendUnacknowledged()
    {
        foreach (var (n, report) in unacknowledged.Values.ToList()) world.ToCoordinator(this, new HostReported(Id, machine!.StartCount, n, report));
    }

    private void Tick(int mine) => world.Time.After(TimeSpan.FromMilliseconds(250), () =>
    {
        if (machine is null || mine != incarnation) return;
        Hear(new Tick());
        if (machine is not null && world.Time.Elapsed.TotalMilliseconds % Resend.TotalMilliseconds < 250) SendUnacknowledged();
        if (!world.Settled) Tick(mine);
    });

    private void Run(AgentEffect effect)
    {
        switch (effect)
        {
            case SendReport e:
                unacknowledged[e.Key] = (++reports, e.Report);
                world.ToCoordinator(this, new HostReported(Id, machine!.StartCount, reports, e.Report));
                break;
            case SendPeer e:
                world.ToPeer(this, e.To, e.Message);
                break;
            case ReplyPeer e:
                world.ToPeer(this, e.To, e.Message);
                break;
            case Drive e:
                Hypervisor.Execute(e.Command);
                break;
            case RunPrecheck e:
                Run(new SendReport($"{e.Order.Migration}/precheck/{e.Order.Role}", new PrecheckReported(e.Order.Vm, e.Order.Migration, e.Order.Epoch, e.Order.Role, [])));
                break;
        }
    }
}
