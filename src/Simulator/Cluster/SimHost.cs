using Coordinator.Application.Bus;
using Coordinator.Application.Machine;
using Coordinator.Domain.Hosts;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Agent.Machine;

namespace Simulator;

/// <summary>A host: its durable journal, its guests, and an agent that can be killed or stopped at any step, before, in or after its fsync.</summary>
public sealed class SimHost
{
    public static readonly ByteCount Memory = ByteCount.FromMebi(64 * 8);

    private static readonly TimeSpan AckWithin = TimeSpan.FromSeconds(3);

    private readonly SimWorld world;
    private readonly Lane pauses;
    private readonly FaultPlace crashes;
    private readonly SimClock clock;
    private readonly List<JournalRecord> journal = [];
    private readonly List<AgentInput> waiting = [];
    private readonly List<AgentStep> steps = [];
    private readonly Dictionary<string, (long N, Report Report, TimeSpan SentAt)> unacknowledged = [];
    private AgentMachine? machine;
    private SimCoordinator? hub;
    private TimeSpan askedToLinkAt;
    private TimeSpan stoppedUntil;
    private bool flushing;
    private long reports;
    private int incarnation;
    private int boots;

    public SimHost(SimWorld world, int number, ulong seed)
    {
        this.world = world;
        Number = number;
        Id = new HostId($"host-{(char)('a' + number)}");
        pauses = new Lane(seed, "host/" + Id);
        crashes = world.Faults.Place(Id.Value);
        clock = new SimClock(world.Time);
        Hypervisor = new SimHypervisor(world, this, seed);
    }

    public HostId Id { get; }

    public int Number { get; }

    public SimHypervisor Hypervisor { get; }

    public bool PoweredOn { get; private set; } = true;

    /// <summary>Off for good as far as anybody knows; nothing of it is waited for.</summary>
    public bool IsDestroyed { get; private set; }

    public bool Alive => machine is not null;

    /// <summary>Counts the starts of its agent.</summary>
    public int Incarnation => incarnation;

    /// <summary>Counts the starts of the machine.</summary>
    public int Boots => boots;

    /// <summary>A write to its journal fails until then.</summary>
    public TimeSpan FullUntil { get; set; }

    public int ClockRate { get; set; } = 100;

    public TimeSpan ClockOffset { get; set; }

    public DateTimeOffset Now => clock.Now;

    public override string ToString() => Id.Value;

    public void StartAgent()
    {
        if (!PoweredOn || machine is not null) return;
        incarnation++;
        unacknowledged.Clear();
        waiting.Clear();
        flushing = false;
        hub = null;
        askedToLinkAt = TimeSpan.FromDays(-1);
        stoppedUntil = TimeSpan.Zero;
        clock.Start(world.Time.Now + ClockOffset, ClockRate);
        machine = new AgentMachine(new AgentIdentity(Id, new TransferEndpoint("10.0.0.1", 7500, null)), _ => null);
        foreach (var record in journal) machine.Fold(record);
        Hear(new AgentStarted(Hypervisor.Discover(), $"boot-{boots}"));
        var mine = incarnation;
        if (machine is not null) Tick(mine);
    }

    public void KillAgent(TimeSpan restartAfter)
    {
        if (machine is null) return;
        world.Trace.Add($"{Id}'s agent is dead");
        world.Observer?.AgentGone(this);
        machine = null;
        incarnation++;
        world.Time.After(restartAfter, StartAgent);
    }

    /// <summary>SIGSTOP, and SIGCONT after a while: what came meanwhile is heard all at once.</summary>
    public void StopAgent(TimeSpan how)
    {
        if (machine is null) return;
        stoppedUntil = world.Time.Elapsed + how;
        var mine = incarnation;
        world.Time.After(how, () => Turn(mine));
    }

    /// <summary>The host's memory is gone: all its guests, and its agent. It comes back with its journal.</summary>
    public void Reboot(TimeSpan backAfter)
    {
        GoDown(comesBack: true);
        world.Time.After(backAfter, Return);
    }

    /// <summary>Off for good.</summary>
    public void Destroy()
    {
        IsDestroyed = true;
        GoDown(comesBack: false);
    }

    /// <summary>Power is back, with the journal and without any guest.</summary>
    public void Return()
    {
        if (PoweredOn) return;
        PoweredOn = true;
        boots++;
        if (world.Options.Mutation.LosesJournals) journal.Clear();
        StartAgent();
    }

    /// <summary>An input for the agent; lost if it is dead.</summary>
    public void Hear(AgentInput input)
    {
        if (machine is null || world.Options.Mutation.Hears(this, input) is not { } heard) return;
        waiting.Add(heard);
        Turn(incarnation);
    }

    public bool IsLinked => hub is { Alive: true } && machine is not null;

    public SimCoordinator? Hub => hub;

    public void Acknowledged(long startCount, long n)
    {
        if (machine is null || startCount != machine.StartCount) return;
        string? found = null;
        foreach (var (key, report) in unacknowledged)
        {
            if (report.N == n) found = key;
        }

        if (found is not null) unacknowledged.Remove(found);
    }

    private void GoDown(bool comesBack)
    {
        world.Trace.Add($"{Id} is off{(comesBack ? "" : " for good")}");
        world.Checks.HostDown(this, comesBack);
        world.Observer?.HostGone(this);
        Hypervisor.Clear();
        machine = null;
        incarnation++;
        PoweredOn = false;
    }

    // All that waits is decided, made durable together, and then acted on, as the agent's loop does.
    private void Turn(int mine)
    {
        if (machine is null || mine != incarnation || flushing || waiting.Count == 0 || world.Time.Elapsed < stoppedUntil) return;
        steps.Clear();
        var any = false;
        foreach (var input in waiting)
        {
            var step = world.Options.Mutation.Steps(this, input, machine.Step(input, clock.Now));
            if (step.Records.Count == 0 && step.Effects.Count == 0) continue;
            steps.Add(step);
            any |= step.Records.Count > 0;
        }

        waiting.Clear();
        if (steps.Count == 0) return;
        if (!any)
        {
            foreach (var step in steps) Tell(step);
            Act(steps, all: true, default);
        }
        else Persist(mine);
    }

    private void Persist(int mine)
    {
        var fault = crashes.Happens(world.Options.Agent, out var draw);
        if (!world.Faults.IsOver && world.Time.Elapsed < FullUntil) fault = Fault.JournalDiskFull;
        if (world.Options.Mutation.ActsBeforeFsync && fault == Fault.AgentKilledBeforeFsync) Act(steps, all: true, draw);
        // Steps are whole in the journal or not there; of several, a prefix may be.
        var kept = fault switch
        {
            Fault.AgentKilledBeforeFsync or Fault.JournalDiskFull => 0,
            Fault.JournalTorn or Fault.JournalFsyncFailed => draw.Below(steps.Count + 1),
            _ => steps.Count,
        };
        for (var i = 0; i < kept; i++)
        {
            Write(steps[i].Records);
            Tell(steps[i]);
        }

        switch (fault)
        {
            case null when pauses.Chance(80):
                // A slow disk: nothing is said meanwhile, and what comes is decided together afterwards.
                flushing = true;
                var slow = steps.ToArray();
                world.Time.After(pauses.Ms(0, 6), () => Flushed(mine, slow));
                return;
            case null:
                Act(steps, all: true, default);
                return;
            case Fault.AgentKilledWhileActing:
                Act(steps, all: false, draw);
                break;
        }

        foreach (var record in steps[0].Records) world.Seen.Add($"{fault}: {record.GetType().Name}");
        KillAgent(fault == Fault.JournalDiskFull ? TimeSpan.FromMilliseconds(500) : draw.Ms(50, 4_000));
    }

    private void Flushed(int mine, AgentStep[] done)
    {
        if (machine is null || mine != incarnation) return;
        flushing = false;
        Act(done, all: true, default);
        Turn(mine);
    }

    private void Write(IReadOnlyList<JournalRecord> records)
    {
        world.Observer?.Written(this, records);
        foreach (var record in records)
        {
            world.Checks.Durable(this, record);
            if (world.Options.Mutation.Keeps(this, record)) journal.Add(world.Wire.Through(record));
        }
    }

    // Several steps become durable together and act afterwards: a message that leaves later is one that was on its way for longer.
    private void Tell(AgentStep step)
    {
        if (world.Observer is not { } observer) return;
        foreach (var effect in step.Effects)
        {
            switch (effect)
            {
                case SendReport e:
                    observer.Reported(this, e.Report);
                    break;
                case SendPeer e:
                    observer.Told(this, e.Message);
                    break;
                case ReplyPeer e:
                    observer.Told(this, e.Message);
                    break;
                case Drive e:
                    observer.Driven(this, e.Command);
                    break;
            }
        }
    }

    private void Act(IReadOnlyList<AgentStep> done, bool all, Draw draw)
    {
        foreach (var step in done)
        {
            var left = all ? step.Effects.Count : draw.Below(step.Effects.Count + 1);
            foreach (var effect in step.Effects)
            {
                if (left-- == 0) return;
                Run(effect);
            }
        }
    }

    private void Tick(int mine) => world.Time.After(TimeSpan.FromMilliseconds(world.IsQuiet ? 1_000 : 250), () =>
    {
        if (machine is null || mine != incarnation || world.IsSettled) return;
        Tick(mine);
        if (world.Time.Elapsed < stoppedUntil) return;
        Hear(new Tick());
        if (machine is null || mine != incarnation) return;
        if (!IsLinked || (hub!.IsStopped && pauses.Chance(150))) Link();
        else if (unacknowledged.Count > 0) Repeat(AckWithin);
    });

    private void Link()
    {
        if (world.Time.Elapsed - askedToLinkAt < TimeSpan.FromSeconds(1) || world.PickHub(pauses) is not { } wanted) return;
        askedToLinkAt = world.Time.Elapsed;
        if (!world.Network.IsOpen(Number, world.Network.Coordinators) || !world.Network.IsOpen(world.Network.Coordinators, Number)) return;
        hub = null;
        var mine = incarnation;
        var facts = new HostFacts(Memory, 8, "10.0.0.1", 7500, ["native", "qemu"], []);
        world.Submit(new AdmitHost(new Admit(Id, $"journal-{Id}", machine!.StartCount, $"boot-{boots}", facts)), "host/" + Id, result =>
        {
            if (mine != incarnation || !wanted.Alive || result.Refusal is not null) return;
            hub = wanted;
            foreach (var coordinator in world.Coordinators) coordinator.HostLinked(this);
            Repeat(TimeSpan.Zero);
        });
    }

    private void Repeat(TimeSpan olderThan)
    {
        if (!world.Options.Mutation.RepeatsReports) return;
        foreach (var (key, report) in unacknowledged)
        {
            if (world.Time.Elapsed - report.SentAt < olderThan) continue;
            System.Runtime.InteropServices.CollectionsMarshal.GetValueRefOrNullRef(unacknowledged, key).SentAt = world.Time.Elapsed;
            world.ToCoordinator(this, new HostReported(Id, machine!.StartCount, report.N, report.Report));
        }
    }

    private void Run(AgentEffect effect)
    {
        switch (effect)
        {
            case SendReport e:
                world.Checks.Said(this, e.Report);
                unacknowledged[e.Key] = (++reports, e.Report, world.Time.Elapsed);
                if (IsLinked) world.ToCoordinator(this, new HostReported(Id, machine!.StartCount, reports, e.Report));
                break;
            case SendPeer e:
                world.ToPeer(this, e.To, e.Message);
                break;
            case ReplyPeer e:
                world.ToPeer(this, e.To, e.Message);
                break;
            case Drive e:
                if (world.Options.Mutation.Drives(this, e.Command) is not { } command) break;
                Hypervisor.Execute(command);
                break;
            case RunPrecheck e:
                Run(new SendReport($"{e.Order.Migration}/precheck/{e.Order.Role}", new PrecheckReported(e.Order.Vm, e.Order.Migration, e.Order.Epoch, e.Order.Role, [])));
                break;
        }
    }
}
