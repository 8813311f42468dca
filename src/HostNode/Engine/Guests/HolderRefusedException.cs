namespace HostNode.Engine.Guests;

/// <summary>A guest-holder said no, with its reason; nothing has changed.</summary>
public sealed class HolderRefusedException(string reason, HolderStatus status) : Exception(reason)
{
    public HolderStatus Status { get; } = status;
}
