using HostNode.Hypervisors;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>What a QEMU found alive is, from its own word; the label adds only whom it was meant for.</summary>
internal static class QemuDiscovery
{
    /// <exception cref="QmpException">The process ended meanwhile.</exception>
    /// <exception cref="TimeoutException">Its main loop does not answer.</exception>
    public static async Task<DiscoveredGuest> DescribeAsync(VmId vm, GuestLabel? label, QmpMonitor monitor, QemuOptions options, CancellationToken stop)
    {
        var runState = await monitor.QueryRunStateAsync(options.Qmp.Greeting, stop).ConfigureAwait(false);
        var migration = await monitor.QueryMigrationAsync(options.Qmp.Greeting, stop).ConfigureAwait(false);
        var state = StateOf(runState, migration, label);
        var digest = state == GuestRunState.Loaded && label?.Migration is { } incoming ? TransferName.Of(vm, incoming) : null;
        return new DiscoveredGuest(vm, label?.Spec, state, label?.Migration, digest);
    }

    /// <param name="runState">Of <c>query-status</c>.</param>
    public static GuestRunState StateOf(string runState, MigrationStatus migration, GuestLabel? label) => runState switch
    {
        "running" => GuestRunState.Running,
        "inmigrate" => GuestRunState.Incoming,
        // A source keeps its totals; without them "completed" is what it once received.
        "postmigrate" when migration is { State: "completed", FromSource: true } => GuestRunState.Completed,
        "paused" when migration.State == "completed" && label?.Role == GuestRole.Incoming => GuestRunState.Loaded,
        _ => GuestRunState.Paused,
    };
}
