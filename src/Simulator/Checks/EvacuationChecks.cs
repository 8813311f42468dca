using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;

namespace Simulator;

/// <summary>
/// What the log says of evacuations, counted by itself from the events: caps, one start a try, nothing started while paused or aborting, an end for each, and
/// nothing left behind by those that were aborted.
/// </summary>
internal sealed class EvacuationChecks(SimWorld world)
{
    private readonly Dictionary<EvacuationId, Run> runs = [];

    public int Open { get; private set; }

    public IEnumerable<Evacuation> All => runs.Values.Select(r => r.State).OfType<Evacuation>();

    /// <returns>The event, if it is an evacuation's.</returns>
    public EvacuationEvent? Decided(StoredEvent e)
    {
        if (e.Type == nameof(MigrationRequested)) Child(e);
        if (!EvacuationId.TryParseKey(e.Stream, out var id)) return null;
        if (!runs.TryGetValue(id, out var run))
        {
            runs.Add(id, run = new Run());
            Open++;
        }

        var happened = (EvacuationEvent)EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span);
        Happened(id, run, happened);
        run.State = EvacuationEvolution.Evolve(run.State, happened, e.Version, e.At);
        if (run.State is Evacuation { Phase: EvacuationPhase.Closed }) Open--;
        return happened;
    }

    public void End()
    {
        foreach (var run in All)
        {
            if (run.Phase != EvacuationPhase.Closed) world.Checks.Violation($"L1: {run.Id} never ended: {run.Phase}, {run.Counts}");
            if (run.Counts.UnderWay != 0) world.Checks.Violation($"{run.Id} is over with {run.Counts.UnderWay} under way");
            if (run.Outcome == EvacuationOutcome.Aborted && run.Hosts.Keys.Any(h => CordonOf(h) == run.Id.Actor)) world.Checks.Violation($"residue: {run.Id} was aborted, and its cordon stands");
        }
    }

    private void Happened(EvacuationId id, Run run, EvacuationEvent happened)
    {
        switch (happened)
        {
            case GuestStarted e:
                if (run.Stopped is { } why) world.Checks.Violation($"{id} starts {e.Vm} although it is {why}");
                if (!run.Tries.Add((e.Vm, e.Try))) world.Checks.Violation($"{id} starts {e.Vm} twice in try {e.Try}");
                run.UnderWay[e.Vm] = (((Evacuation)run.State).Guests[e.Vm.Value].Source, e.Destination);
                Caps(id, run, ((Evacuation)run.State).Caps);
                break;
            case GuestArrived e:
                run.UnderWay.Remove(e.Vm);
                break;
            case GuestFailed e:
                run.UnderWay.Remove(e.Vm);
                break;
            case EvacuationPaused:
                run.Stopped = "paused";
                break;
            case EvacuationResumed:
                run.Stopped = null;
                break;
            case EvacuationAborting or EvacuationEnded:
                run.Stopped = "over";
                break;
        }
    }

    private void Caps(EvacuationId id, Run run, PlanCaps caps)
    {
        if (run.UnderWay.Count > caps.Global) world.Checks.Violation($"{id} moves {run.UnderWay.Count} at once, its cap is {caps.Global}");
        foreach (var host in run.UnderWay.Values.GroupBy(m => m.Source).Where(m => m.Count() > caps.HostOut)) world.Checks.Violation($"{id} moves {host.Count()} from {host.Key} at once");
        foreach (var host in run.UnderWay.Values.GroupBy(m => m.Destination).Where(m => m.Count() > caps.HostIn)) world.Checks.Violation($"{id} moves {host.Count()} to {host.Key} at once");
    }

    // A child of one that is over is residue: its request was under way too long.
    private void Child(StoredEvent e)
    {
        var plan = ((MigrationRequested)EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span)).Plan;
        if (plan.Evacuation is not { } id) return;
        if (runs.GetValueOrDefault(id)?.State is not Evacuation { IsOver: false } parent) world.Checks.Violation($"{plan.Id} begins for {id}, which is over");
        else if (parent.Guests[plan.Vm.Value].Phase != GuestPhase.Starting) world.Checks.Violation($"{plan.Id} begins for {plan.Vm}, which {id} does not start");
    }

    private string? CordonOf(string host)
    {
        var key = new HostId(host).StreamKey;
        return world.Coordinators.Select(c => c.Machine?.Find(key)).FirstOrDefault(e => e is not null && world.OwnerOf(e.Shard).Machine?.Find(key) == e)?.State is HostState { WrittenOffReason: null } state ? state.CordonReason : null;
    }

    private sealed class Run
    {
        public EvacuationState State { get; set; } = NoEvacuation.Instance;

        public HashSet<(VmId Vm, int Try)> Tries { get; } = [];

        public Dictionary<VmId, (HostId Source, HostId Destination)> UnderWay { get; } = [];

        public string? Stopped { get; set; }
    }
}
