using Coordinator.Application.Store;
using Coordinator.Shared.Identity;

namespace Coordinator.Adapters;

/// <summary>What every store asks of its callers before it looks at anything.</summary>
internal static class StoreArguments
{
    /// <exception cref="StoreConfigurationException">No database has so many shards.</exception>
    public static void CheckShardCount(int count)
    {
        if (count is < 1 or > Shards.CountMax) throw new StoreConfigurationException($"{count} shards are configured: use 1 to {Shards.CountMax} (default {Shards.CountDefault})");
    }

    public static void CheckShards(IReadOnlyList<int> shards, int count)
    {
        foreach (var shard in shards) ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)shard, (uint)count, nameof(shards));
    }

    /// <param name="limit">Of one page that is kept in memory.</param>
    public static void CheckPage(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(limit, 10_000);
    }
}
