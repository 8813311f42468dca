using System.Text.Json;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>One answer of <c>query-migrate</c>, as far as it is needed. Absent numbers are zero; unknown members are ignored, unknown states count as "in progress".</summary>
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
        var ram = Member(answer, "ram");
        return new MigrationStatus
        {
            State = Member(answer, "status") is { ValueKind: JsonValueKind.String } state ? state.GetString()! : "none",
            FromSource = ram.ValueKind == JsonValueKind.Object,
            SyncCount = (int)Number(ram, "dirty-sync-count"),
            Transferred = new ByteCount(Number(ram, "transferred")),
            Remaining = new ByteCount(Number(ram, "remaining")),
            Throughput = new ByteRate((long)(Real(ram, "mbps") * 125_000)),
            ThrottlePercent = (int)Number(answer, "cpu-throttle-percentage"),
            TotalTime = TimeSpan.FromMilliseconds(Number(answer, "total-time")),
            Downtime = TimeSpan.FromMilliseconds(Number(answer, "downtime")),
            Error = Member(answer, "error-desc") is { ValueKind: JsonValueKind.String } error ? error.GetString() : null,
            ListeningPort = Port(answer),
        };
    }

    private static int? Port(JsonElement answer)
    {
        var addresses = Member(answer, "socket-address");
        if (addresses.ValueKind != JsonValueKind.Array) return null;
        foreach (var address in addresses.EnumerateArray())
        {
            if (Member(address, "port") is { ValueKind: JsonValueKind.String } port && int.TryParse(port.GetString(), out var number)) return number;
        }

        return null;
    }

    private static JsonElement Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : default;

    private static long Number(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt64(out var number) ? number : 0;

    private static double Real(JsonElement element, string name) =>
        Member(element, name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? number : 0;
}
