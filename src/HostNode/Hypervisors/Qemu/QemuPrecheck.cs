using System.Text;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>What would stop a QEMU guest from leaving or arriving, with a remedy each.</summary>
internal static class QemuPrecheck
{
    private const long Tcg72Bad = 256 * 1024;
    private static readonly Version TcgRepaired = new(9, 0);

    public static IEnumerable<Problem> OfSpec(GuestSpec spec, MigrationPolicy policy, QemuOptions options, QemuInstallation installation)
    {
        if (spec.Qemu is not { } machine)
        {
            yield return Problem.Error("qemu.spec.missing", "The guest's specification says nothing about its QEMU machine.", "Give the guest a qemu section.");
            yield break;
        }

        if (installation.Machines.Count > 0 && !installation.Machines.Contains(machine.Machine))
        {
            yield return Problem.Error("qemu.machine.unknown", $"QEMU {installation.Version} here has no machine type {machine.Machine}.", "Install a QEMU that has it, or move the guest to a newer machine type at its next start.");
        }
        else if (machine.Machine is "q35" or "pc")
        {
            yield return Problem.Error("qemu.machine.unversioned", $"{machine.Machine} means another machine in each QEMU version.", "Name the versioned type, for example pc-q35-7.2.");
        }

        foreach (var problem in OfMemory(spec, options, installation)) yield return problem;
        foreach (var problem in OfFiles(machine)) yield return problem;
        if (machine is { Tap: not null, Mac: null }) yield return Problem.Error("qemu.mac.missing", "The network device has no MAC address.", "Give the guest a mac, the same on both hosts.");
        if (policy.OnNonConverging == "postCopy") yield return Problem.Error("qemu.postCopy", "Post-copy is not offered for QEMU guests yet.", "Choose rollBack or force.");
        if (policy.Streams > 1) yield return Problem.Info("qemu.streams", "QEMU guests use one stream: more brought nothing on one link and lengthened the blackout.");
        if (policy.Verify == "full") yield return Problem.Warning("qemu.verify", "QEMU gives no digest of the memory: its stream is checked by QEMU and TCP only.", "Choose verify: digest to be without this warning.");
    }

    public static IEnumerable<Problem> OfSource(VmId vm, string runState)
    {
        if (runState == "running") yield break;
        yield return runState switch
        {
            "absent" => Problem.Error("qemu.source.absent", $"No QEMU process of {vm} is on this host.", "Look where the VM is placed."),
            "silent" => Problem.Error("qemu.source.silent", $"QEMU of {vm} does not answer on either monitor.", "Try again; if it stays so, look whether another client holds both monitors."),
            _ => Problem.Error("qemu.source.notRunning", $"QEMU says that {vm} is {runState}.", "Let the guest run, or move it cold."),
        };
    }

    /// <summary>Whether the paths of this guest's monitors fit into a socket address.</summary>
    public static bool PathFits(GuestFiles files) => Encoding.UTF8.GetByteCount(files.RescueMonitor) <= GuestFiles.SocketPathBytesMax;

    private static IEnumerable<Problem> OfMemory(GuestSpec spec, QemuOptions options, QemuInstallation installation)
    {
        if (spec.Memory.Value <= 0 || spec.Memory.Value % 4096 != 0)
        {
            yield return Problem.Error("memory.pageSize", $"{spec.Memory.Value} bytes are no whole number of 4 KiB pages.", "Choose a multiple of 4 KiB.");
        }
        else if (options.Accelerator == "tcg" && installation.Version < TcgRepaired && spec.Memory.Value % Tcg72Bad == 0)
        {
            yield return Problem.Error(
                "memory.tcgLosesWrites",
                $"QEMU {installation.Version} under TCG loses guest writes during pre-copy if the memory is a multiple of 256 KiB, as {spec.Memory} is.",
                "Add 8 KiB to the guest's memory, use KVM, or QEMU 9.0 or newer.");
        }
    }

    private static IEnumerable<Problem> OfFiles(QemuMachine machine)
    {
        foreach (var path in (string?[])[machine.Kernel, machine.Initrd])
        {
            if (path is not null && !File.Exists(path)) yield return Problem.Error("qemu.file.missing", $"{path} is not on this host.", "Put it there; both hosts need it under the same path.");
        }
    }
}
