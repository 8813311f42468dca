using System.Text.Json;

namespace HostNode.Hypervisors.Qemu;

/// <summary>Something QEMU said unasked. Events are never replayed: a client that comes later does not see them.</summary>
/// <param name="Name">For example <c>MIGRATION</c> or <c>STOP</c>.</param>
/// <param name="Data">Its data, or an undefined element.</param>
/// <param name="At">When it happened, by QEMU's own stamp: this host's clock.</param>
public sealed record QmpEvent(string Name, JsonElement Data, DateTimeOffset At)
{
    /// <summary>The text of a member of the data, or null.</summary>
    public string? Text(string member) => Data.Text(member);
}
