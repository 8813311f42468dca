using Coordinator.Application.Store;

namespace Coordinator.Application.Machine;

/// <summary>A shard this node decides for.</summary>
internal sealed class ShardOwned(ShardLease lease)
{
    public ShardLease Lease { get; } = lease;

    /// <summary>Sequence number of the last event, decided ones included.</summary>
    public long Seq { get; set; } = lease.Seq;
}
