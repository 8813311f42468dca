using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>
/// Guests and transfers of one host, without an agent's help: they go on while the agent is dead. Guarded like the built-in engine: a
/// stopped guest stays stopped until it is told to run. The receiver is the hypervisor itself, as with QEMU, so a dead destination agent
/// does not break a transfer here.
/// </summary>
public sealed class SimHypervisor(SimWorld world, SimHost host, Lane lane)
{
    public Dictionary<VmId, SimGuest> Guests { get; } = [];

    public IReadOnlyList<DiscoveredGuest> Discover() => [.. Guests.Values.Select(g =>
        new DiscoveredGuest(g.Vm, g.Spec, g.State, g.Migration, g.State == GuestRunState.Loaded ? $"content-{g.Content}" : null))];

    private readonly Dictionary<VmId, DateTimeOffset> busyUntil = [];

    /// <summary>Commands for one VM are carried out in the order given, each after a while of its own.</summary>
    public void Execute(HypervisorCommand command)
    {
        var free = busyUntil.GetValueOrDefault(command.Vm, world.Time.Now);
        var at = (free > world.Time.Now ? free : world.Time.Now) + lane.Ms(0, 5);
        busyUntil[command.Vm] = at;
        world.Time.After(at - world.Time.Now, () =>
        {
            if (host.PoweredOn) Do(command);
        });
    }

    private void Do(HypervisorCommand command)
    {
        var guest = Guests.GetValueOrDefault(command.Vm);
        switch (command)
        {
            case StartGuest c when guest is null:
                Guests[c.Vm] = new SimGuest { Vm = c.Vm, Spec = c.Spec, State = GuestRunState.Running, Content = world.Content(c.Vm) };
                Post(new GuestRunning(c.Vm, world.Time.Now));
                break;
            case StartGuest or RunGuest when guest is { IsComplete: true }:
                Run(guest);
                break;
            case StartGuest or RunGuest:
                Post(new GuestFailed(command.Vm, "there is no complete guest"));
                break;
            case DestroyGuest:
                Guests.Remove(command.Vm);
                Post(new GuestDead(command.Vm));
                break;
            case PrepareIncoming c:
                Guests[c.Vm] = new SimGuest { Vm = c.Vm, Spec = c.Spec, State = GuestRunState.Incoming, Migration = c.Migration };
                Post(new IncomingReady(c.Vm, c.Migration, 1));
                break;
            case StartOutgoing c when guest is { State: GuestRunState.Running }:
                guest.Migration = c.Plan.Migration;
                guest.StopWanted = false;
                Round(guest, c.Plan, ++guest.Transfer, 1);
                break;
            case StartOutgoing c:
                Post(new OutgoingFailed(c.Vm, c.Plan.Migration, "the guest does not run", guest is { State: GuestRunState.Running }));
                break;
            case StopAndCopy when guest is not null:
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

    private void Run(SimGuest guest)
    {
        guest.State = GuestRunState.Running;
        world.Ran(host, guest);
        Post(new GuestRunning(guest.Vm, world.Time.Now));
    }

    private void Abort(SimGuest? guest, AbortOutgoing c)
    {
        if (guest is null || guest.Migration != c.Migration) return;
        if (guest.State == GuestRunState.Completed)
        {
            Post(Completed(guest, c.Migration));
            return;
        }

        guest.Transfer++;
        guest.StopWanted = false;
        Post(new OutgoingFailed(guest.Vm, c.Migration, "aborted", guest.State == GuestRunState.Running));
    }

    private void Round(SimGuest guest, MigrateOut plan, int transfer, int round) => world.Time.After(lane.Ms(20, 120), () =>
    {
        if (!IsCurrent(guest, transfer)) return;
        if (!world.Linked(host.Id, plan.Destination) || world.Guest(plan.Destination, guest.Vm) is not { State: GuestRunState.Incoming } incoming || incoming.Migration != plan.Migration)
        {
            if (lane.Chance(700))
            {
                Round(guest, plan, transfer, round);
                return;
            }

            guest.Transfer++;
            Post(new OutgoingFailed(guest.Vm, plan.Migration, "the link to the destination broke", true));
            return;
        }

        if (guest.StopWanted)
        {
            Stop(guest, plan, transfer);
            return;
        }

        var verdict = lane.Chance(15) ? Verdict.GiveUp : round >= 1 + lane.Below(3) ? Verdict.Ready : Verdict.Continue;
        var facts = new RoundFacts(round, ByteCount.FromMebi(1), TimeSpan.FromMilliseconds(50), ByteCount.FromMebi(1), ByteRate.FromMebi(100), ByteRate.FromMebi(1), 0);
        Post(new OutgoingRound(guest.Vm, plan.Migration, facts, new Forecast(verdict, TimeSpan.FromMilliseconds(10), 0, "simulated")));
        Round(guest, plan, transfer, round + 1);
    });

    private void Stop(SimGuest guest, MigrateOut plan, int transfer)
    {
        guest.State = GuestRunState.Paused;
        guest.PausedAt = world.Time.Now;
        Post(new OutgoingPaused(guest.Vm, plan.Migration, world.Time.Now));
        var content = guest.Content;
        world.Time.After(lane.Ms(1, 40), () => Arrive(guest, plan, transfer, content));
    }

    // The bytes arrive, perhaps long after the source gave up; the source is only told over a standing link.
    private void Arrive(SimGuest guest, MigrateOut plan, int transfer, int content)
    {
        if (world.Linked(host.Id, plan.Destination) && world.Guest(plan.Destination, guest.Vm) is { State: GuestRunState.Incoming } incoming && incoming.Migration == plan.Migration)
        {
            incoming.State = GuestRunState.Loaded;
            incoming.Content = content;
            world.Host(plan.Destination).Hypervisor.Post(new IncomingLoaded(guest.Vm, plan.Migration, $"content-{content}"));
            world.Time.After(lane.Ms(0, 20), () => Acknowledged(guest, plan, transfer));
        }
        else if (IsCurrent(guest, transfer))
        {
            Broken(guest, plan);
        }
    }

    private void Acknowledged(SimGuest guest, MigrateOut plan, int transfer)
    {
        if (!IsCurrent(guest, transfer)) return;
        if (!world.Linked(host.Id, plan.Destination))
        {
            Broken(guest, plan);
            return;
        }

        guest.State = GuestRunState.Completed;
        Post(Completed(guest, plan.Migration));
    }

    private void Broken(SimGuest guest, MigrateOut plan)
    {
        guest.Transfer++;
        Post(new OutgoingFailed(guest.Vm, plan.Migration, "the link broke in stop-and-copy", GuestRuns: false));
    }

    private static OutgoingCompleted Completed(SimGuest guest, MigrationId migration) => new(
        guest.Vm, migration, $"content-{guest.Content}", new TransferStats(ByteCount.FromMebi(1), ByteCount.Zero, 1, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(20)), guest.PausedAt);

    private bool IsCurrent(SimGuest guest, int transfer) => host.PoweredOn && Guests.GetValueOrDefault(guest.Vm) == guest && guest.Transfer == transfer;

    private void Post(HypervisorEvent happened) => host.Hear(new HostNode.Agent.Machine.HypervisorReported(happened));
}
