using Coordinator.Shared.Contracts;

namespace Coordinator.Server.Hub;

/// <summary>Limits of the hub; each one bounds a queue, a wait or a frame.</summary>
public sealed record HubOptions(string Node)
{
    /// <summary>No frame for this long: late.</summary>
    public TimeSpan LateAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>No frame for this long: the link is closed.</summary>
    public TimeSpan GoneAfter { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A new connection must say hello within this.</summary>
    public TimeSpan HelloWithin { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A queue that stays full this long closes the link.</summary>
    public TimeSpan FullQueueFor { get; init; } = TimeSpan.FromSeconds(10);

    public int HandshakesPerSecond { get; init; } = 50;

    /// <summary>Bytes of one frame.</summary>
    public int FrameMax { get; init; } = 1024 * 1024;

    /// <summary>Orders and acknowledgements waiting for one link.</summary>
    public int OutboundMax { get; init; } = 1024;

    /// <summary>Told after each message that was handed to the connection, in whose buffers it may still be; null if nobody asks.</summary>
    public Action<HubMessage>? Sent { get; init; }

    /// <summary>Reports of one link that are not acknowledged yet.</summary>
    public int UnacknowledgedMax { get; init; } = 64;
}
