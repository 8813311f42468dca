using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// What stands where a native guest has a digest of its memory. QEMU has none: this names the transfer, not its content, so that a COMMIT
/// of another attempt can not be taken for this one's. That the content arrived whole rests on TCP, on QEMU's own checks of its stream and on
/// <c>completed</c> over the return path.
/// </summary>
internal static class TransferName
{
    public static string Of(VmId vm, MigrationId migration) => $"qemu:{vm}:{migration}";
}
