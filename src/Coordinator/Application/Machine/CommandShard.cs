using Coordinator.Shared.Identity;

namespace Coordinator.Application.Machine;

/// <summary>Which shard decides on a command.</summary>
public static class CommandShard
{
    public static int Of(Command command, int shardCount) => command switch
    {
        RegisterVm c => Shards.Of(c.Vm.Value, shardCount),
        StartVmCommand c => Shards.Of(c.Vm.Value, shardCount),
        StopVmCommand c => Shards.Of(c.Vm.Value, shardCount),
        CreateMigration c => Shards.Of(c.Vm.Value, shardCount),
        CancelMigration c => c.Migration.Shard,
        ForceMigration c => c.Migration.Shard,
        ResolveMigration c => c.Migration.Shard,
        CordonHost c => Shards.Of(c.Host.Value, shardCount),
        UncordonHost c => Shards.Of(c.Host.Value, shardCount),
        WriteOffHost c => Shards.Of(c.Host.Value, shardCount),
        AdmitHost c => Shards.Of(c.Hello.Host.Value, shardCount),
        EnrolHost c => Shards.Of(c.Host.Value, shardCount),
        RetireHost c => Shards.Of(c.Host.Value, shardCount),
        AnnounceRestore c => Shards.Of(c.Restored.Restore, shardCount),
        TellHost c => Shards.Of(c.Restore, shardCount),
        DoubtVm c => Shards.Of(c.Vm.Value, shardCount),
        TellWord c => Shards.Of(c.Word.Vm.Value, shardCount),
        TrustVm c => Shards.Of(c.Vm.Value, shardCount),
        CutMigration c => c.Migration.Shard,
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "a command without a shard"),
    };

    /// <summary>The stream it is decided on. A VM and its open migration are stopped together, so one of them tells for both.</summary>
    public static string StreamOf(Command command) => command switch
    {
        RegisterVm c => c.Vm.StreamKey,
        StartVmCommand c => c.Vm.StreamKey,
        StopVmCommand c => c.Vm.StreamKey,
        CreateMigration c => c.Vm.StreamKey,
        CancelMigration c => c.Migration.StreamKey,
        ForceMigration c => c.Migration.StreamKey,
        ResolveMigration c => c.Migration.StreamKey,
        CordonHost c => c.Host.StreamKey,
        UncordonHost c => c.Host.StreamKey,
        WriteOffHost c => c.Host.StreamKey,
        AdmitHost c => c.Hello.Host.StreamKey,
        EnrolHost c => c.Host.StreamKey,
        RetireHost c => c.Host.StreamKey,
        AnnounceRestore c => RestoreHandler.Prefix + c.Restored.Restore,
        TellHost c => RestoreHandler.Prefix + c.Restore,
        DoubtVm c => c.Vm.StreamKey,
        TellWord c => c.Word.Vm.StreamKey,
        TrustVm c => c.Vm.StreamKey,
        CutMigration c => c.Migration.StreamKey,
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "a command without a stream"),
    };
}
