using System.Text.Json.Serialization;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// What QEMU cannot say about itself, beside its sockets, so that an agent that comes later knows whom it found. Written before the step
/// it names. It is information about a process that lives, never evidence about one that does not.
/// </summary>
/// <param name="Spec">What the guest is; null for one that somebody else started.</param>
/// <param name="Migration">Attempt of an incoming or outgoing copy.</param>
/// <param name="StoppingAt">Outgoing: when the guest was about to be stopped for good, on this host's clock.</param>
internal sealed record GuestLabel(
    VmId Vm, GuestRole Role, GuestSpec? Spec, Epoch Epoch, MigrationId? Migration = null, DateTimeOffset? StoppingAt = null);

[JsonConverter(typeof(JsonStringEnumConverter<GuestRole>))]
internal enum GuestRole
{
    /// <summary>Lives here, on nobody's way.</summary>
    Resident,

    /// <summary>Was started to receive; becomes <see cref="Resident"/> when it is let run.</summary>
    Incoming,

    /// <summary>A migration away was begun.</summary>
    Outgoing,
}
