namespace Coordinator.Shared.Contracts;

/// <summary>A real guest: what goes on QEMU's command line beyond what the agent adds itself (memory, monitors, name, -S, -incoming).</summary>
/// <param name="Kernel">Path of a kernel image on every host, or null to boot from a disk.</param>
/// <param name="Initrd">Path of an initial RAM disk, or null.</param>
/// <param name="Append">Kernel command line, or null.</param>
/// <param name="ExtraArguments">Further arguments, passed as they are (network devices, for example).</param>
public sealed record QemuMachine(string? Kernel, string? Initrd, string? Append, IReadOnlyList<string>? ExtraArguments = null)
{
    /// <summary>Versioned machine type; the same on both hosts.</summary>
    public string Machine { get; init; } = "pc-q35-7.2";

    /// <summary>Name of the tap device on the host, without which the guest has no network. <c>{host}</c> is replaced by the host's name.</summary>
    public string? Tap { get; init; }

    /// <summary>MAC address of the network device; required with <see cref="Tap"/>.</summary>
    public string? Mac { get; init; }
}
