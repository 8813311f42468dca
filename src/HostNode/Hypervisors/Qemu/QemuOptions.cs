using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>How this host runs QEMU guests.</summary>
public sealed record QemuOptions
{
    /// <summary>One directory per guest is made in it: monitors, label, console, log. Short: a UNIX socket's path has at most 107 bytes. Made if missing.</summary>
    public required string RunDirectory { get; init; }

    public required HostId HostId { get; init; }

    /// <summary>IP address of the migration network on which destinations listen.</summary>
    public required string AddressToListen { get; init; }

    /// <summary>The emulator: a path, or a name to be found in PATH.</summary>
    public string QemuPath { get; init; } = "qemu-system-x86_64";

    /// <summary><c>tcg</c>, or <c>kvm</c>: the latter only after <see cref="QemuHypervisor.SelfTest"/> has seen a guest boot under it.</summary>
    public string Accelerator { get; init; } = "tcg";

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public QmpLimits Qmp { get; init; } = QmpLimits.Default;

    /// <summary>How often a running pre-copy is looked at. QEMU's own bandwidth window is 100 ms; slower loses the control over its rounds.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Not one byte moved in pre-copy for so long: the migration is given up. QEMU itself would wait for TCP, many minutes.</summary>
    public TimeSpan StallMax { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The guest is stopped and QEMU has not finished so long after (beyond three times what the bytes should take): the source gives up and its
    /// guest goes on. QEMU itself would wait for TCP.
    /// </summary>
    public TimeSpan SwitchoverMax { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an ordinary command may take where QEMU's main loop is known to run.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long QEMU may take to start before the attempt counts as failed; many guests starting at once are slow.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
