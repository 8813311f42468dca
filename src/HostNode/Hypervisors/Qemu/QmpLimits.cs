namespace HostNode.Hypervisors.Qemu;

/// <summary>Bounds of one monitor connection. What exceeds them closes the connection, never the guest.</summary>
public sealed record QmpLimits
{
    public static readonly QmpLimits Default = new();

    /// <summary>How long to wait for the greeting and for the end of the negotiation. A monitor that another client holds gives no greeting at all.</summary>
    public TimeSpan Greeting { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Longest line taken from QEMU, in bytes. The largest known answer (query-qmp-schema) has 207 kB.</summary>
    public int LineBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Commands that may wait for an answer at once. In the device phase of a migration ordinary commands pile up.</summary>
    public int PendingMax { get; init; } = 64;
}
