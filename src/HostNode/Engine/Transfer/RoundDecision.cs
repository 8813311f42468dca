namespace HostNode.Engine.Transfer;

/// <summary>What to do at a round boundary. Closed family.</summary>
public abstract record RoundDecision
{
    private RoundDecision()
    {
    }

    /// <summary>Another round, with the guest slowed this much.</summary>
    public sealed record Continue(int ThrottlePercent) : RoundDecision;

    /// <summary>The guest may be stopped: iterate gently until told to.</summary>
    public sealed record Ready : RoundDecision;

    /// <summary>End the transfer; the guest goes on here.</summary>
    public sealed record GiveUp(string Reason) : RoundDecision;
}
