using Coordinator.Shared.Units;

namespace Coordinator.Shared.Contracts;

/// <summary>What a guest is, as far as a host must know to start it or to receive it.</summary>
/// <param name="Driver"><c>native</c> (a guest-holder with a synthetic guest) or <c>qemu</c>.</param>
/// <param name="Memory">Guest RAM. With QEMU 7.2 under TCG use a size that is no multiple of 256 KiB.</param>
/// <param name="Vcpus">1 to 64.</param>
public sealed record GuestSpec(string Driver, ByteCount Memory, int Vcpus)
{
    /// <summary>How a synthetic guest writes; null for a real one.</summary>
    public SyntheticLoad? Load { get; init; }

    /// <summary>What QEMU boots; null for a synthetic guest.</summary>
    public QemuMachine? Qemu { get; init; }
}
