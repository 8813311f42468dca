using System.Globalization;
using System.Text.Json;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// One answer of <c>query-migrate</c>, as far as it is needed. Absent numbers are zero; unknown members are ignored, unknown states count as
/// "in progress".
/// </summary>
internal sealed record MigrationStatus
{
    /// <summary><c>none</c> if no migration was ever begun.</summary>
    public required string State { get; init; }

    /// <summary>The totals are a source's; a destination that has received gives only its state.</summary>
    public bool FromSource { get; init; }

    /// <summary>Times the dirty log was read; n+1 means that round n is over.</summary>
    public int SyncCount { get; init; }

    public ByteCount Transferred { get; init; }

    public ByteCount Remaining { get; init; }

    /// <summary>What QEMU thinks of the line, in this bandwidth window.</summary>
    public ByteRate Throughput { get; init; }

    public int ThrottlePercent { get; init; }

    /// <summary>Zero for some milliseconds after the state has become completed.</summary>
    public TimeSpan TotalTime { get; init; }

    public TimeSpan Downtime { get; init; }

    public string? Error { get; init; }

    /// <summary>Port on which a destination listens.</summary>
    public int? ListeningPort { get; init; }

    public bool HasEnded => State is "none" or "completed" or "failed" or "cancelled";

    public static MigrationStatus Parse(JsonElement answer)
    {
        var ram = answer.Member("ram");
        return new MigrationStatus
        {
            State = answer.Text("status") ?? "none",
            FromSource = ram.ValueKind == JsonValueKind.Object,
            SyncCount = (int)(ram.Number("dirty-sync-count") ?? 0),
            Transferred = new ByteCount(ram.Number("transferred") ?? 0),
            Remaining = new ByteCount(ram.Number("remaining") ?? 0),
            Throughput = new ByteRate((long)((ram.Real("mbps") ?? 0) * 125_000)),
            ThrottlePercent = (int)(answer.Number("cpu-throttle-percentage") ?? 0),
            TotalTime = TimeSpan.FromMilliseconds(answer.Number("total-time") ?? 0),
            Downtime = TimeSpan.FromMilliseconds(answer.Number("downtime") ?? 0),
            Error = answer.Text("error-desc"),
            ListeningPort = Port(answer),
        };
    }

    private static int? Port(JsonElement answer)
    {
        foreach (var address in answer.Member("socket-address").Items())
        {
            if (int.TryParse(address.Text("port"), NumberStyles.None, CultureInfo.InvariantCulture, out var number)) return number;
        }

        return null;
    }
}
