using System.Text.Json.Nodes;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Keeps QEMU from ending pre-copy by itself: that end is the blackout, and it needs a grant first.
/// <para>
/// A low downtime limit does not do it. With limit 0, QEMU 7.2 ends at the end of the first pass and leaves all that was dirtied for the
/// blackout; with 1 ms, a guest writing 8 MB/s passes twenty rounds in 100 ms and ends too (both measured). What does it is work that stays
/// undone: QEMU counts a dirty bitmap that travels with the guest as pending until the very end. So an empty block device that no guest
/// sees gets one, of more granules than the line can carry bytes in the millisecond the limit allows. Only a raised limit ends pre-copy
/// then: not an idle guest, not a fast line, and not the death of this agent. It costs about 70 kB in the blackout.
/// </para>
/// </summary>
internal static class MigrationHold
{
    /// <summary>Downtime limit that keeps QEMU in pre-copy.</summary>
    public const int HeldMilliseconds = 1;

    /// <summary>Downtime limit that lets it end: QEMU's largest.</summary>
    public const int OpenMilliseconds = 2_000_000;

    private const string Node = "migration-hold";
    private const long GranuleBytes = 512;

    // 16 Mi granules: more than 128 Gbit/s carry bytes in a millisecond.
    private const long NodeBytes = 16L * 1024 * 1024 * GranuleBytes;

    /// <summary>The device, on both sides. Repeating is harmless.</summary>
    public static async Task AddNodeAsync(QmpMonitor monitor, TimeSpan timeout, CancellationToken stop)
    {
        await RemoveAsync(monitor, timeout, stop).ConfigureAwait(false);
        var node = new JsonObject { ["driver"] = "null-co", ["node-name"] = Node, ["size"] = NodeBytes };
        await monitor.ExecuteAsync("blockdev-add", node, timeout, stop: stop).ConfigureAwait(false);
    }

    /// <summary>The device and what holds, on the source.</summary>
    public static async Task HoldAsync(QmpMonitor monitor, TimeSpan timeout, CancellationToken stop)
    {
        await AddNodeAsync(monitor, timeout, stop).ConfigureAwait(false);
        var bitmap = new JsonObject { ["node"] = Node, ["name"] = Node, ["granularity"] = GranuleBytes };
        await monitor.ExecuteAsync("block-dirty-bitmap-add", bitmap, timeout, stop: stop).ConfigureAwait(false);
    }

    /// <summary>Takes it away where the guest stays; nothing happens if it was not there.</summary>
    public static async Task RemoveAsync(QmpMonitor monitor, TimeSpan timeout, CancellationToken stop)
    {
        var bitmap = new JsonObject { ["node"] = Node, ["name"] = Node };
        await TryAsync(monitor, "block-dirty-bitmap-remove", bitmap, timeout, stop).ConfigureAwait(false);
        await TryAsync(monitor, "blockdev-del", new JsonObject { ["node-name"] = Node }, timeout, stop).ConfigureAwait(false);
    }

    private static async Task TryAsync(QmpMonitor monitor, string command, JsonObject arguments, TimeSpan timeout, CancellationToken stop)
    {
        try
        {
            await monitor.ExecuteAsync(command, arguments, timeout, stop: stop).ConfigureAwait(false);
        }
        catch (QmpCommandException)
        {
            // Not there.
        }
    }
}
