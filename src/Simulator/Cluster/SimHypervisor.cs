using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;
using Simulator.Conformance;

namespace Simulator;

/// <summary>
/// Guests and transfers of one host; they go on without their agent. Two kinds: the guarded one, like the built-in engine (stays stopped
/// until told to run, and its receiver is the destination's agent), and the other one, like QEMU (receives by itself, and may resume by
/// itself when a transfer fails after the pause).
/// </summary>
public sealed class SimHypervisor(SimWorld world, SimHost host, ulong seed)
{
    private static readonly TransferStats Stats = new(ByteCount.FromMebi(1), ByteCount.Zero, 1, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(20));

    private readonly Lane lane = new(seed, "hypervisor/" + host.Id);
    private readonly FaultPlace faults = world.Faults.Place("guests." + (char)('a' + host.Number));
    private readonly Dictionary<VmId, SimGuest> guests = [];
    private readonly Dictionary<VmId, TimeSpan> busyUntil = [];

    public IReadOnlyCollection<SimGuest> Guests => guests.Values;

    public SimGuest? Find(VmId vm) => guests.GetValueOrDefault(vm);

    public IReadOnlyList<DiscoveredGuest> Discover() => [.. guests.Values.Select(g =>
        new DiscoveredGuest(g.Vm.Id, g.Spec, g.State, g.Migration, g.State == GuestRunState.Loaded ? Digest(g.Content) : null))];

    /// <summary>Commands for one VM are carried out in the order given, each after a while of its own.</summary>
    public void Execute(HypervisorCommand command)
    {
        var now = world.Time.Elapsed;
        var free = busyUntil.GetValueOrDefault(command.Vm);
        var at = (free > now ? free : now) + lane.Ms(0, 5);
        busyUntil[command.Vm] = at;
        var boot = host.Boots;
        world.Time.After(at - now, () =>
        {
            if (host.PoweredOn && host.Boots == boot) Do(command);
        });
    }

    /// <summary>The host has lost its memory.</summary>
    public void Clear()
    {
        guests.Clear();
        busyUntil.Clear();
    }

    /// <summary>Somebody kills a guest's process.</summary>
    public void Kill(SimGuest guest)
    {
        world.Checks.CopyGone(host, guest, comesBack: true);
        Tell(guest, GuestStep.Killed);
        guests.Remove(guest.Vm.Id);
        Post(new GuestVanished(guest.Vm.Id, "killed"));
    }

    /// <summary>The vCPUs run.</summary>
    public void Run(SimGuest guest)
    {
        if (guest.State == GuestRunState.Running)
        {
            Post(new GuestRunning(guest.Vm.Id, host.Now));
            return;
        }

        Resume(guest);
        Post(new GuestRunning(guest.Vm.Id, host.Now));
    }

    private void Do(HypervisorCommand command)
    {
        var guest = guests.GetValueOrDefault(command.Vm);
        switch (command)
        {
            case StartGuest c when guest is null:
                Start(c);
                break;
            case StartGuest or RunGuest when guest is { IsComplete: true }:
                Run(guest);
                break;
            case StartGuest or RunGuest:
                Post(new GuestFailed(command.Vm, "there is no complete guest"));
                break;
            case DestroyGuest:
                Destroy(guest);
                Post(new GuestDead(command.Vm));
                break;
            case PrepareIncoming c:
                Prepare(c);
                break;
            case StartOutgoing c when guest is { State: GuestRunState.Running }:
                guest.Migration = c.Plan.Migration;
                guest.StopWanted = false;
                Round(guest, c.Plan, ++guest.Transfer, 1);
                break;
            case StartOutgoing c:
                Post(new OutgoingFailed(c.Vm, c.Plan.Migration, "the guest does not run", false));
                break;
            case StopAndCopy c when guest is not null && guest.Migration == c.Migration:
                guest.StopWanted = true;
                break;
            case AbortOutgoing c:
                Abort(guest, c);
                break;
            case VerifyGuest c:
                Post(new GuestVerified(c.Vm, c.Migration, guest?.State == GuestRunState.Running, "simulated"));
                break;
        }
    }

    private void Start(StartGuest c)
    {
        if (faults.Happens(Fault.GuestFailed, world.Options.GuestFailed, out _))
        {
            Post(new GuestFailed(c.Vm, "simulated: no memory for it"));
            return;
        }

        var vm = world.Vm(c.Vm);
        var guest = new SimGuest(vm, world.Time) { Spec = c.Spec, Content = world.Checks.Written(vm) };
        guests[c.Vm] = guest;
        vm.Exists = true;
        Run(guest);
    }

    private void Destroy(SimGuest? guest)
    {
        if (guest is null) return;
        world.Checks.Written(guest.Vm);
        Tell(guest, GuestStep.Destroyed);
        guests.Remove(guest.Vm.Id);
        world.Checks.Touched(guest.Vm);
    }

    private void Prepare(PrepareIncoming c)
    {
        if (guests.Remove(c.Vm, out var old)) world.Checks.Touched(old.Vm);
        guests[c.Vm] = new SimGuest(world.Vm(c.Vm), world.Time) { Spec = c.Spec, State = GuestRunState.Incoming, Migration = c.Migration };
        Post(new IncomingReady(c.Vm, c.Migration, 1));
        if (!faults.Happens(Fault.IncomingFailed, world.Options.IncomingFailed, out var draw)) return;
        var made = guests[c.Vm];
        world.Time.After(draw.Ms(0, 300), () =>
        {
            if (guests.GetValueOrDefault(c.Vm) != made || made.State != GuestRunState.Incoming) return;
            made.HasFailed = true;
            Post(new IncomingFailed(c.Vm, c.Migration, "simulated"));
        });
    }

    private void Abort(SimGuest? guest, AbortOutgoing c)
    {
        if (guest is null || guest.Migration != c.Migration) return;
        if (guest.State == GuestRunState.Completed) Post(Completed(guest, c.Migration));
        else Fail(guest, c.Migration, "aborted");
    }

    // Never completed from here on; after the pause the unguarded kind may resume by itself.
    private void Fail(SimGuest guest, MigrationId migration, string reason)
    {
        guest.Transfer++;
        guest.StopWanted = false;
        if (guest.State == GuestRunState.Paused)
        {
            world.Seen.Add("rollback in stop-and-copy");
            Tell(guest, GuestStep.Failed);
            guest.RolledBack = migration;
            if (!guest.Vm.Guarded && lane.Chance(700))
            {
                world.Seen.Add("source resumed by itself");
                Resume(guest);
            }
        }

        Post(new OutgoingFailed(guest.Vm.Id, migration, reason, guest.State == GuestRunState.Running));
    }

    private void Round(SimGuest guest, MigrateOut plan, int transfer, int round) => world.Time.After(lane.Ms(10, 60), () =>
    {
        if (!IsCurrent(guest, transfer)) return;
        if (faults.Happens(Fault.TransferBroken, world.Options.TransferBroken, out _))
        {
            Fail(guest, plan.Migration, "simulated: the transfer broke");
            return;
        }

        if (Receiver(guest, plan) is null)
        {
            if (lane.Chance(700)) Round(guest, plan, transfer, round);
            else Fail(guest, plan.Migration, "the link to the destination broke");
            return;
        }

        if (guest.StopWanted)
        {
            Stop(guest, plan, transfer);
            return;
        }

        var verdict = lane.Chance(world.Options.GivesUp) ? Verdict.GiveUp : round >= 1 + lane.Below(3) ? Verdict.Ready : Verdict.Continue;
        var facts = new RoundFacts(round, ByteCount.FromMebi(1), TimeSpan.FromMilliseconds(50), ByteCount.FromMebi(1), ByteRate.FromMebi(100), ByteRate.FromMebi(1), 0);
        Post(new OutgoingRound(guest.Vm.Id, plan.Migration, facts, new Forecast(verdict, TimeSpan.FromMilliseconds(10), 0, "simulated")));
        Round(guest, plan, transfer, round + 1);
    });

    private void Stop(SimGuest guest, MigrateOut plan, int transfer)
    {
        Set(guest, GuestRunState.Paused);
        Tell(guest, GuestStep.Stopped);
        guest.PausedAt = host.Now;
        Post(new OutgoingPaused(guest.Vm.Id, plan.Migration, host.Now));
        var content = guest.Content;
        world.Time.After(lane.Ms(1, 30), () =>
        {
            if (!IsCurrent(guest, transfer)) return;
            if (Receiver(guest, plan) is not { } receiver || faults.Happens(Fault.TransferBroken, world.Options.TransferBroken, out _))
            {
                Fail(guest, plan.Migration, "the link broke in stop-and-copy");
                return;
            }

            Tell(guest, GuestStep.BytesLeft);
            // The bytes have left: they arrive even if the source dies now, perhaps long after it gave up.
            var agent = world.Host(plan.Destination).Incarnation;
            world.Time.After(lane.Chance(60) ? lane.Ms(20, 2_000) : lane.Ms(0, 10), () => Arrive(guest, plan, transfer, content, receiver, agent));
            world.Time.After(TimeSpan.FromSeconds(3), () =>
            {
                if (IsCurrent(guest, transfer) && guest.State == GuestRunState.Paused) Fail(guest, plan.Migration, "the destination's hypervisor did not answer");
            });
        });
    }

    private void Arrive(SimGuest guest, MigrateOut plan, int transfer, int content, SimGuest receiver, int agent)
    {
        var there = world.Host(plan.Destination);
        if (there.Hypervisor.Find(guest.Vm.Id) != receiver || receiver.State != GuestRunState.Incoming || receiver.HasFailed) return;
        if (guest.Vm.Guarded && there.Incarnation != agent) return;
        if (!IsCurrent(guest, transfer)) world.Seen.Add("late destination completion");
        receiver.IsCorrupted = faults.Happens(Fault.TransferCorrupted, world.Options.TransferCorrupted, out _);
        there.Hypervisor.Load(receiver, plan.Migration, receiver.IsCorrupted ? content - 1 : content);
        world.Time.After(lane.Ms(0, 20), () =>
        {
            if (!IsCurrent(guest, transfer)) return;
            if (!world.Linked(host, there))
            {
                Fail(guest, plan.Migration, "the link broke before the acknowledgement");
                return;
            }

            Set(guest, GuestRunState.Completed);
            Tell(guest, GuestStep.Completed);
            Post(Completed(guest, plan.Migration));
        });
    }

    private void Load(SimGuest receiver, MigrationId migration, int content)
    {
        receiver.Content = content;
        Set(receiver, GuestRunState.Loaded);
        Tell(receiver, receiver.IsCorrupted ? GuestStep.Spoiled : GuestStep.Loaded);
        Post(new IncomingLoaded(receiver.Vm.Id, migration, Digest(content)));
        world.Options.Mutation.Loaded(host, receiver);
    }

    // Null while the way to it is cut, or nobody receives there.
    private SimGuest? Receiver(SimGuest guest, MigrateOut plan)
    {
        var there = world.Host(plan.Destination);
        if (!world.Linked(host, there) || (guest.Vm.Guarded && !there.Alive)) return null;
        return there.Hypervisor.Find(guest.Vm.Id) is { State: GuestRunState.Incoming, HasFailed: false } incoming && incoming.Migration == plan.Migration ? incoming : null;
    }

    private void Resume(SimGuest guest)
    {
        Tell(guest, guest.State == GuestRunState.Incoming ? GuestStep.Started : GuestStep.Runs);
        world.Checks.Runs(host, guest);
        Set(guest, GuestRunState.Running);
    }

    private void Set(SimGuest guest, GuestRunState state)
    {
        world.Checks.Written(guest.Vm);
        guest.State = state;
        world.Checks.Touched(guest.Vm);
    }

    private static OutgoingCompleted Completed(SimGuest guest, MigrationId migration) => new(guest.Vm.Id, migration, Digest(guest.Content), Stats, guest.PausedAt);

    private static string Digest(int content) => content.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private bool IsCurrent(SimGuest guest, int transfer) => host.PoweredOn && guests.GetValueOrDefault(guest.Vm.Id) == guest && guest.Transfer == transfer;

    private void Tell(SimGuest guest, GuestStep step) => world.Observer?.Guest(host, guest, step);

    private void Post(HypervisorEvent happened) => host.Hear(new HypervisorReported(happened));
}
