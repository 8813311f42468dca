namespace HostNode.Engine.Transfer;

/// <summary>The other side, or what is between, sent something that is refused. The stream is not usable any more.</summary>
public sealed class WireException(WireFault fault, string detail) : IOException($"{fault}: {detail}")
{
    public WireFault Fault { get; } = fault;

    /// <summary>Whether a new link may help.</summary>
    public bool IsTransient => Fault is WireFault.Corrupt;
}
