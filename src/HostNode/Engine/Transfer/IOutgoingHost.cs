namespace HostNode.Engine.Transfer;

/// <summary>What a transfer needs of the side it runs on. Called on the transfer's own thread.</summary>
public interface IOutgoingHost
{
    /// <summary>A stream to the destination's agent.</summary>
    /// <exception cref="IOException">Not reachable now; will be tried again.</exception>
    Stream Connect(int stream, long link);

    /// <summary>Stops the guest; returns once every vCPU stands still.</summary>
    /// <exception cref="IOException">The guest's process is gone.</exception>
    void Pause();

    /// <summary>Slows the guest, 0 to 99 percent.</summary>
    void Throttle(int percent);

    /// <summary>A round is over: what now?</summary>
    RoundDecision RoundFinished(RoundMeasured round);

    /// <summary>The blackout has begun.</summary>
    void Paused(DateTimeOffset at);
}
