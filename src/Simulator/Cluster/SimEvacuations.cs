using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using HostNode.Hypervisors;

namespace Simulator;

/// <summary>Operators who empty hosts, and who pause, resume and abort that at bad moments. They draw from a lane of their own.</summary>
public sealed class SimEvacuations(SimWorld world, ulong seed)
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(2);

    private readonly Lane lane = new(seed, "evacuations");
    private int pending;

    internal EvacuationChecks Checks { get; } = new(world);

    /// <summary>Nobody waits for an answer, and no evacuation is open.</summary>
    public bool Done => pending == 0 && Checks.Open == 0;

    public void Plan()
    {
        for (var i = 0; i < world.Options.Evacuations; i++) world.Time.After(lane.Ms(3_000, (int)world.Options.FaultsUntil.TotalMilliseconds - 1_000), AskRandom);
        if (world.Options.Campaign is not { } spec) return;
        pending++;
        WhenAllRun(() => Ask(spec));
    }

    /// <summary>Each pause is followed by somebody who resumes; a campaign out of budget by somebody who gives it up.</summary>
    public void Saw(StoredEvent e)
    {
        if (Checks.Decided(e) is not { } happened || !EvacuationId.TryParseKey(e.Stream, out var id)) return;
        world.Seen.Add(happened is EvacuationEnded ended ? $"evacuation {ended.Outcome}" : happened is EvacuationPaused by ? "evacuation paused by " + by.By : happened.GetType().Name);
        switch (happened)
        {
            case EvacuationPaused { By: "budget" } when world.Options.Campaign is not null:
                Insist(() => new AbortEvacuation(id, StopRunning: true), lane.Ms(5_000, 10_000));
                break;
            case EvacuationPaused:
                Insist(() => new ResumeEvacuation(id), lane.Ms(200, 6_000));
                break;
            case EvacuationRequested when world.Options.Evacuations > 0:
                Meddle(id);
                break;
        }
    }

    private void AskRandom()
    {
        var spec = new EvacuationSpec(
            [world.Hosts[lane.Below(world.Hosts.Count)].Id], new PlanCaps(1 + lane.Below(3), 1 + lane.Below(2), 1 + lane.Below(2)), Canary: lane.Below(2), SoakSeconds: lane.Below(3),
            WaveSize: lane.Chance(500) ? 1 + lane.Below(3) : null, FailureBudget: lane.Below(2), Retries: lane.Below(4), DeadlineSeconds: lane.Chance(200) ? 5 + lane.Below(10) : null);
        Ask(spec, insists: false);
    }

    // By turns: paused, aborted, aborted with what runs; at any time from its first moment on.
    private void Meddle(EvacuationId id)
    {
        var what = lane.Below(4);
        if (what == 0) return;
        Insist(() => what == 1 ? new PauseEvacuation(id) : new AbortEvacuation(id, StopRunning: what == 3), lane.Ms(0, 8_000));
        if (lane.Chance(300)) Insist(() => new RetryFailed(id), lane.Ms(0, 9_000));
    }

    private void Ask(EvacuationSpec spec, bool insists = true)
    {
        var instance = Fleet(spec);
        var plan = EvacuationPlanner.Plan(instance);
        if (!insists) pending++;
        var key = $"evacuate/{world.Time.Steps}";
        var answered = false;
        Try(insists ? int.MaxValue : 3);

        void Try(int left)
        {
            if (answered) return;
            if (left == 0)
            {
                answered = true;
                pending--;
                return;
            }

            world.Submit(new StartEvacuation(spec, instance, plan), "operator/alice", result =>
            {
                if (answered || result.Refusal?.Code is "store.unavailable" or "shard.notOwned") return;
                answered = true;
                pending--;
                world.Seen.Add("evacuation asked for: " + (result.Refusal?.Code ?? "accepted"));
            }, key);
            world.Time.After(Again, () => Try(left - 1));
        }
    }

    // A person repeats a request until the coordinator answers it.
    private void Insist(Func<Command> command, TimeSpan after)
    {
        pending++;
        var answered = false;
        world.Time.After(after, Try);

        void Try()
        {
            if (answered) return;
            world.Submit(command(), "operator/alice", result =>
            {
                if (answered || result.Refusal?.Code is "store.unavailable" or "shard.notOwned") return;
                answered = true;
                pending--;
                world.Seen.Add($"{command().GetType().Name}: {result.Refusal?.Code ?? "accepted"}");
            });
            world.Time.After(Again, Try);
        }
    }

    private void WhenAllRun(Action then) => world.Time.After(TimeSpan.FromSeconds(1), () =>
    {
        if (world.Vms.All(vm => vm.Exists)) then();
        else WhenAllRun(then);
    });

    // As a person sees it: who is off cannot take anybody.
    private PlanInstance Fleet(EvacuationSpec spec)
    {
        var link = new PlanLink(ByteRate.FromMebi(1_000));
        var hosts = world.Hosts.Select(h => new PlanHost(h.Id.Value, SimHost.Memory, 10_000, link, Cordoned: !h.PoweredOn || h.IsDestroyed)).ToList();
        List<PlanGuest> guests = [];
        foreach (var host in world.Hosts)
        {
            foreach (var guest in host.Hypervisor.Guests.Where(g => g.State == GuestRunState.Running && world.RunsAt(g.Vm) == host)) guests.Add(new PlanGuest(guest.Vm.Id.Value, host.Id.Value, guest.Vm.Spec.Memory));
        }

        return new PlanInstance(
            hosts, guests, [.. spec.Hosts.Select(h => h.Value)], Caps: spec.Caps, SetupSeconds: 0.1, Canary: spec.Canary, SoakSeconds: spec.SoakSeconds, WaveSize: spec.WaveSize, MakeRoom: false);
    }
}
