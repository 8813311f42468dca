using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>Where a command is decided: one table for its stream and its shard.</summary>
public static class CommandShard
{
    /// <summary>Which shard decides on it.</summary>
    public static int Of(Command command, int shardCount)
    {
        var (_, name, shard) = PlaceOf(command);
        return name is null ? shard : Shards.Of(name, shardCount);
    }

    /// <summary>The stream it is decided on; empty for one that begins a stream of its own. A VM and its open migration are stopped together, so one of them tells for both.</summary>
    public static string StreamOf(Command command) => PlaceOf(command).Stream;

    private static (string Stream, string? Name, int Shard) PlaceOf(Command command) => command switch
    {
        RegisterVm c => At(c.Vm),
        StartVmCommand c => At(c.Vm),
        StopVmCommand c => At(c.Vm),
        CreateMigration c => At(c.Vm),
        DoubtVm c => At(c.Vm),
        TellWord c => At(c.Word.Vm),
        TrustVm c => At(c.Vm),
        CancelMigration c => At(c.Migration),
        ForceMigration c => At(c.Migration),
        ResolveMigration c => At(c.Migration),
        CutMigration c => At(c.Migration),
        CordonHost c => At(c.Host),
        UncordonHost c => At(c.Host),
        WriteOffHost c => At(c.Host),
        AdmitHost c => At(c.Hello.Host),
        EnrolHost c => At(c.Host),
        RetireHost c => At(c.Host),
        AnnounceRestore c => (RestoreHandler.Prefix + c.Restored.Restore, c.Restored.Restore, 0),
        TellHost c => (RestoreHandler.Prefix + c.Restore, c.Restore, 0),
        // Where it is decided is where its id will say: by what it empties, so that a repeat comes to the same shard.
        StartEvacuation c => ("", string.Join(',', c.Spec.Hosts), 0),
        PauseEvacuation c => At(c.Evacuation),
        ResumeEvacuation c => At(c.Evacuation),
        AbortEvacuation c => At(c.Evacuation),
        RetryFailed c => At(c.Evacuation),
        ReplanEvacuation c => At(c.Evacuation),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "a command without a place"),
    };

    private static (string, string?, int) At(VmId vm) => (vm.StreamKey, vm.Value, 0);

    private static (string, string?, int) At(HostId host) => (host.StreamKey, host.Value, 0);

    private static (string, string?, int) At(MigrationId migration) => (migration.StreamKey, null, migration.Shard);

    private static (string, string?, int) At(EvacuationId evacuation) => (evacuation.StreamKey, null, evacuation.Shard);
}
