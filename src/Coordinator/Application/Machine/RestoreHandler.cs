using Coordinator.Domain.Migrations;
using Coordinator.Domain.Restores;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>
/// A store that was restored from a backup learns from the hosts what was decided since (design: rule 13): placements with their epochs, and attempts
/// that are still open, which are then ended by the hosts' words like any other.
/// </summary>
internal static class RestoreHandler
{
    /// <summary>Prefix of the streams of restores.</summary>
    public const string Prefix = "restore-";

    public static CommandResult Command(MachineStep step, string restore, RestoreEvent happened)
    {
        var state = (RestoreState?)step.Machine.Find(Prefix + restore)?.State ?? RestoreState.None;
        return Commands.Carry(step, Prefix + restore, Shards.Of(restore, step.Options.ShardCount), RestoreState.None, RestoreDecider.Decide(state, happened));
    }

    public static CommandResult Vm(MachineStep step, VmId vm, VmInput input)
    {
        var state = (VmState?)step.Machine.Find(vm.StreamKey)?.State ?? UnknownVm.Instance;
        return Commands.Carry(step, vm.StreamKey, Shards.Of(vm.Value, step.Options.ShardCount), UnknownVm.Instance, VmDecider.Decide(state, input));
    }

    public static CommandResult Cut(MachineStep step, CutMigration c)
    {
        var state = (MigrationState?)step.Machine.Find(c.Migration.StreamKey)?.State ?? NotRequested.Instance;
        return Commands.Carry(step, c.Migration.StreamKey, c.Migration.Shard, NotRequested.Instance, MigrationDecider.Decide(state, new CutHistory(c.Restore)));
    }

    /// <summary>The VM's part, and each attempt that this store has forgotten: begun again with what the host knows of it, and cut.</summary>
    public static CommandResult Told(MachineStep step, TellWord c)
    {
        var result = Vm(step, c.Word.Vm, new WordTold(c.Host, c.Word));
        if (step.Machine.Find(c.Word.Vm.StreamKey) is not { State: Vm vm } entry) return result;
        foreach (var open in c.Word.Open)
        {
            if (open.Migration.Shard != entry.Shard || step.Machine.Find(open.Migration.StreamKey) is not null || step.Machine.IsStopped(open.Migration.StreamKey)) continue;
            step.KeepCause();
            var attempt = step.Machine.Open(open.Migration.StreamKey, entry.Shard, NotRequested.Instance);
            step.Append(attempt, MigrationDecider.Decide((MigrationState)attempt.State, new RequestMigration(PlanOf(vm, c.Host, open))));
            step.Append(attempt, MigrationDecider.Decide((MigrationState)attempt.State, new CutHistory(c.Restore)));
        }

        return result;
    }

    private static MigrationPlan PlanOf(Vm vm, HostId host, OpenAttempt open)
    {
        var (source, destination) = open.Role == MigrationRole.Source ? (host, open.Peer) : (open.Peer, host);
        return new MigrationPlan(open.Migration, vm.Id, source, destination, open.Epoch, open.Spec, open.Policy, vm.Claim, open.Policy.Retries + 1, null, MigrationHandler.Pool);
    }
}
