using System.Text;
using Coordinator.Shared.Identity;

namespace Coordinator.Shared.Handoff;

/// <summary>
/// The permission to hand one VM over, once, between two named hosts (design: hand-off, R3). It has no expiry: a higher epoch ends
/// its life. Events keep these fields and never a signature; the signature is made when the order leaves and is never compared.
/// </summary>
public sealed record SwitchoverToken(VmId Vm, MigrationId Migration, Epoch Epoch, HostId Source, HostId Destination)
{
    /// <summary>The exact bytes that are signed: every field, in this order, each on its own line, with the format's name first.</summary>
    public byte[] SignedBytes() => Encoding.UTF8.GetBytes($"lm-token-1\n{Vm}\n{Migration}\n{Epoch}\n{Source}\n{Destination}\n");
}
