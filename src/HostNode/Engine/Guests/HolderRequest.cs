namespace HostNode.Engine.Guests;

/// <summary>One line from an agent to a guest-holder.</summary>
/// <param name="Command">
/// <c>status</c>; <c>files</c> (memory, written bitmap and owed bitmap ride on the answer); <c>run</c> (Epoch, Host); <c>pause</c> (answered
/// once every vCPU stands still); <c>throttle</c> (Percent); <c>label</c> (Label: the guest
/// is on the way of that migration; none: it is on nobody's way, runs at full speed and is not tracked); <c>loaded</c> (Digest, Label); <c>completed</c>
/// (Digest, PausedAt); <c>track</c> (On); <c>check</c>; <c>populate</c>; <c>quit</c>.
/// </param>
public sealed record HolderRequest(string Command)
{
    public long Epoch { get; init; }

    public string? Host { get; init; }

    public int Percent { get; init; }

    /// <summary>Migration the guest is on the way of.</summary>
    public string? Label { get; init; }

    public string? Digest { get; init; }

    public DateTimeOffset? PausedAt { get; init; }

    public bool On { get; init; }
}
