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
        AnnounceRestore c => Shards.Of(c.Restored.Restore, shardCount),
        TellHost c => Shards.Of(c.Restore, shardCount),
        DoubtVm c => Shards.Of(c.Vm.Value, shardCount),
        TellWord c => Shards.Of(c.Word.Vm.Value, shardCount),
        TrustVm c => Shards.Of(c.Vm.Value, shardCount),
        CutMigration c => c.Migration.Shard,
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "a command without a shard"),
    };
}
