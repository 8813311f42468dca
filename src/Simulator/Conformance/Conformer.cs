using Coordinator.Application.Events;
using Coordinator.Application.Store;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using HostNode.Agent.Machine;
using HostNode.Hypervisors;

namespace Simulator.Conformance;

/// <summary>
/// Translates a simulated run into steps of the model, VM by VM, and lets the twin judge each. A refusal is a violation like any other:
/// attempt, step, rule. A VM to which an old copy of the store has given orders, or whose memory was damaged on its way
/// unnoticed, is outside of the model, and is followed no further.
/// </summary>
public sealed partial class Conformer(SimWorld world) : IRunObserver
{
    private readonly Dictionary<VmId, Followed> vms = [];
    private readonly Dictionary<MigrationId, (Followed Vm, int Attempt, MigrationPlan Plan)> attempts = [];

    public long Steps { get; private set; }

    public void Decided(StoredEvent e)
    {
        if (!e.Stream.StartsWith("migration-", StringComparison.Ordinal)) return;
        var id = MigrationId.Parse(e.Stream["migration-".Length..]);
        if (e.Type == nameof(MigrationRequested))
        {
            var plan = ((MigrationRequested)Body(e)).Plan;
            var vm = Of(plan.Vm);
            attempts.Add(id, (vm, vm.Twin.Open(Number(plan.Source), Number(plan.Destination), (int)plan.Epoch.Value), plan));
            return;
        }

        if (attempts.TryGetValue(id, out var of)) Decided(of.Vm, of.Attempt, of.Plan, e);
    }

    public void Ordered(HostId to, Order order, bool byGhost)
    {
        var vm = Of(order.Vm);
        if (byGhost)
        {
            LeaveOut(vm);
            return;
        }

        switch (order)
        {
            case StartVm o:
                vm.Twin.OrderStart(Number(to), (int)o.Epoch.Value);
                break;
            case StopVm o:
                vm.Twin.OrderStop(Number(to), (int)o.Epoch.Value);
                break;
            case MigrationOrder o when attempts.TryGetValue(o.Migration, out var of):
                Ordered(vm, of.Attempt, o);
                break;
        }
    }

    public void Reported(SimHost from, Report report)
    {
        if (report is not MigrationReport r || !attempts.TryGetValue(r.Migration, out var of)) return;
        Message? message = r switch
        {
            Prepared => Message.Ready,
            CommitSent => Message.CommitCopy,
            RefusalAsked => Message.AskCoordinator,
            Rejected => Message.Rejected,
            Released => Message.Released,
            SourceGone => Message.Gone,
            Holding => Message.Held,
            Owned => Message.OwnedToLog,
            Refused => Message.RefusedToLog,
            _ => null,
        };
        if (r is SourceGone or Rejected) Noticed(from, of.Vm);
        if (message is { } m) Sent(of.Vm, of.Attempt, m);
    }

    public void Told(SimHost from, PeerMessage message)
    {
        if (!attempts.TryGetValue(message.Migration, out var of)) return;
        Message? sent = message switch
        {
            PeerCommit => Message.Commit,
            PeerRefuse => Message.RefuseDirect,
            PeerOwned => Message.OwnedToSource,
            PeerRefused => Message.RefusedToSource,
            _ => null,
        };
        if (sent is { } m) Sent(of.Vm, of.Attempt, m);
    }

    public void Driven(SimHost host, HypervisorCommand command)
    {
        if (command is StopAndCopy c && attempts.TryGetValue(c.Migration, out var of)) of.Vm.Twin.TellToStop(of.Attempt);
    }

    public void AgentGone(SimHost host)
    {
        foreach (var vm in vms.Values)
        {
            Noticed(host, vm);
            Take(vm, new ModelStep(StepKind.Crash, 0, host.Number));
        }
    }

    public void HostGone(SimHost host)
    {
        foreach (var vm in vms.Values)
        {
            if (host.Hypervisor.Find(vm.Id) is { } guest) vm.Twin.Count(host.Number, guest.Content);
            vm.Killed.Remove(host);
            Take(vm, new ModelStep(StepKind.HostLost, 0, host.Number));
        }
    }

    private void Decided(Followed vm, int attempt, MigrationPlan plan, StoredEvent e)
    {
        switch (e.Type)
        {
            case nameof(MigrationStarted):
                vm.Started.Add(attempt);
                Log(vm, attempt, LogStatus.Started);
                break;
            case nameof(SwitchoverGranted):
                Log(vm, attempt, LogStatus.Granted);
                break;
            case nameof(MigrationCancelling):
                Log(vm, attempt, LogStatus.Cancelling);
                break;
            case nameof(CommitSeen):
                Take(vm, new ModelStep(StepKind.CommitSeen, attempt, 0));
                break;
            case nameof(WentForward):
                Log(vm, attempt, LogStatus.Forward);
                break;
            case nameof(MigrationCompleted):
                Log(vm, attempt, LogStatus.Completed);
                break;
            // Before it started there is nothing that the model knows.
            case nameof(MigrationAborted) when vm.Started.Contains(attempt):
                Log(vm, attempt, LogStatus.Aborted);
                break;
            case nameof(MigrationLost):
                Log(vm, attempt, LogStatus.Lost);
                break;
            case nameof(MigrationHeld):
                Log(vm, attempt, LogStatus.Held);
                break;
            case nameof(HeldResolved):
                Judge(vm, e.Type, vm.Twin.Decide(attempt));
                break;
            case nameof(ParticipantWrittenOff):
                Take(vm, new ModelStep(StepKind.WrittenOff, attempt, Number(((ParticipantWrittenOff)Body(e)).Role == MigrationRole.Source ? plan.Source : plan.Destination)));
                break;
            case nameof(MigrationClosed) when vm.Started.Contains(attempt):
                Take(vm, new ModelStep(StepKind.Closed, attempt, 0));
                break;
        }
    }

    private void Ordered(Followed vm, int attempt, MigrationOrder order)
    {
        switch (order)
        {
            case PrepareIn:
                Sent(vm, attempt, Message.Prep);
                break;
            case MigrateOut:
                Sent(vm, attempt, Message.Begin);
                break;
            case SwitchOver:
                // It carries the plan: a source that missed BEGIN begins now.
                Sent(vm, attempt, Message.Begin);
                Sent(vm, attempt, Message.Grant);
                break;
            case GiveBack:
                Sent(vm, attempt, Message.GiveBack);
                break;
            case AbortOut:
                Sent(vm, attempt, Message.AbortToSource);
                break;
            case RefuseIn:
                Sent(vm, attempt, vm.Twin.WasAborted(attempt) ? Message.AbortToDestination : Message.RefuseOrder);
                break;
            case GoForward:
                Sent(vm, attempt, Message.GoForward);
                break;
            case Hold:
                Sent(vm, attempt, Message.Hold);
                break;
            case Release:
                Sent(vm, attempt, Message.DoneToSource);
                break;
            case ResumeSource:
                Sent(vm, attempt, Message.Resolution);
                break;
        }
    }

    private static object Body(StoredEvent e) => EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span);

    private int Number(HostId host) => world.Host(host).Number;

    private Followed Of(VmId id)
    {
        if (!vms.TryGetValue(id, out var vm)) vms.Add(id, vm = new Followed(id, new HandoffTwin(world.Vm(id).Guarded)));
        return vm;
    }

    private void Sent(Followed vm, int attempt, Message message) => Take(vm, new ModelStep(StepKind.Sent, attempt, (int)message));

    private void Log(Followed vm, int attempt, LogStatus status) => Take(vm, new ModelStep(StepKind.Log, attempt, (int)status));

    private void LeaveOut(Followed vm)
    {
        if (!vm.IsOutside) world.Seen.Add("guest outside of the model");
        vm.IsOutside = true;
    }

    private void Take(Followed vm, ModelStep step)
    {
        if (vm.IsOutside) return;
        Steps++;
        if (vm.Twin.Take(step) is { } rule) Judge(vm, step.ToString(), rule);
    }

    private void Noticed(SimHost host, Followed vm)
    {
        if (vm.Killed.Remove(host)) Take(vm, new ModelStep(StepKind.HostLost, 0, host.Number));
    }

    private void Judge(Followed vm, string step, string? rule)
    {
        if (rule is null || vm.IsOutside) return;
        world.Checks.Violation($"conformance: {vm.Id}, {step}: {rule}");
        vm.IsOutside = true;
    }

    private sealed record Followed(VmId Id, HandoffTwin Twin)
    {
        public HashSet<int> Started { get; } = [];

        /// <summary>Hosts where its process was killed and the agent has not noticed: nobody outside can know of it before the agent does.</summary>
        public HashSet<SimHost> Killed { get; } = [];

        /// <summary>BEGIN with new limits is written again, and is no second BEGIN.</summary>
        public HashSet<int> Begun { get; } = [];

        /// <summary>Nothing more is said about it.</summary>
        public bool IsOutside { get; set; }
    }
}
