using Coordinator.Shared.Contracts;

namespace HostNode.Agent.Links;

/// <summary>How one connection with a coordinator ended.</summary>
internal abstract record LinkEnd
{
    /// <summary>It never came to a welcome.</summary>
    public static readonly LinkEnd Broken = new WasBroken();

    /// <summary>It was admitted and ended later.</summary>
    public static readonly LinkEnd Served = new WasServed();

    public sealed record Refused(HubRefusal Refusal) : LinkEnd;

    private sealed record WasBroken : LinkEnd;

    private sealed record WasServed : LinkEnd;
}
