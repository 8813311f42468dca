using Coordinator.Shared.Units;

namespace HostNode.Engine.Transfer;

/// <summary>How a transfer ended, from the source's side. Closed family.</summary>
public abstract record TransferOutcome
{
    private TransferOutcome()
    {
    }

    /// <summary>The destination has everything and said so; the guest stands still here.</summary>
    /// <param name="Digest">Equal on both sides.</param>
    /// <param name="Sent">Bytes of frames.</param>
    /// <param name="Resent">What the destination counted as received twice with the same (page, round).</param>
    /// <param name="Pause">From the pause of the vCPUs to the destination's yes.</param>
    public sealed record Completed(string Digest, ByteCount Sent, ByteCount Resent, int Rounds, TimeSpan Total, TimeSpan Pause, DateTimeOffset PausedAt)
        : TransferOutcome;

    /// <summary>Not completed.</summary>
    /// <param name="GuestPaused">Whether we had stopped the vCPUs; they stay stopped.</param>
    public sealed record Failed(string Reason, bool GuestPaused) : TransferOutcome;
}
