namespace Coordinator.Shared.Contracts;

/// <summary>
/// A real guest: what goes on QEMU's command line beyond what the agent adds itself (memory, monitors, name, -S, -incoming).
/// Defaults stand at the parameters, where the source-generated JSON reader keeps them.
/// </summary>
/// <param name="Kernel">Path of a kernel image on every host, or null to boot from a disk.</param>
/// <param name="Initrd">Path of an initial RAM disk, or null.</param>
/// <param name="Append">Kernel command line, or null.</param>
/// <param name="ExtraArguments">Further arguments, passed as they are (network devices, for example).</param>
/// <param name="Machine">Versioned machine type; the same on both hosts.</param>
/// <param name="Tap">Name of the tap device on the host, without which the guest has no network. <c>{host}</c> is replaced by the host's name.</param>
/// <param name="Mac">MAC address of the network device; required with <paramref name="Tap"/>.</param>
public sealed record QemuMachine(
    string? Kernel = null, string? Initrd = null, string? Append = null, IReadOnlyList<string>? ExtraArguments = null, string Machine = "pc-q35-7.2",
    string? Tap = null, string? Mac = null);
