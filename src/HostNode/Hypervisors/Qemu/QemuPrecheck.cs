using System.Text;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>What would stop a QEMU guest from leaving or arriving, with a remedy each.</summary>
internal static class QemuPrecheck
{
    // Sizes at which TCG before 9.0 loses guest writes while it migrates.
    private const long LosingMultiple = 256 * 1024;
    private const long PageBytes = 4096;
    private static readonly Version TcgRepaired = new(9, 0);

    public static IEnumerable<Problem> OfSpec(GuestSpec spec, QemuOptions options, QemuInstallation installation)
    {
        if (spec.Qemu is not { } machine)
        {
            return [Problem.Error("qemu.spec.missing", "The guest's specification has no QEMU machine.", "Give the guest a qemu section.")];
        }

        return [.. OfMachine(machine, installation), .. OfMemory(spec, options, installation), .. OfFiles(machine)];
    }

    public static IEnumerable<Problem> OfPolicy(MigrationPolicy policy)
    {
        if (policy.OnNonConverging == "postCopy")
        {
            yield return Problem.Error("qemu.postCopy", "Post-copy is not offered for QEMU guests.", "Choose rollBack or force.");
        }

        if (policy.Streams > 1)
        {
            yield return Problem.Info("qemu.streams", "QEMU guests use one stream: more gained nothing on one link and lengthened the blackout.");
        }

        if (policy.Verify == "full")
        {
            yield return Problem.Warning(
                "qemu.verify", "QEMU gives no digest of the memory: only TCP and QEMU check its stream.", "Choose verify: digest to be without this warning.");
        }
    }

    /// <param name="runState">What QEMU says, or <c>absent</c>, or <c>silent</c>.</param>
    public static IEnumerable<Problem> OfSource(VmId vm, string runState) => runState switch
    {
        "running" => [],
        "absent" => [Problem.Error("qemu.source.absent", $"No QEMU process of {vm} is on this host.", "Look where the VM is placed.")],
        "silent" =>
        [
            Problem.Error(
                "qemu.source.silent", $"QEMU of {vm} answers on neither monitor.", "Try again; if it stays so, look whether other clients hold both monitors."),
        ],
        _ => [Problem.Error("qemu.source.notRunning", $"QEMU says that {vm} is {runState}.", "Let the guest run, or move it cold.")],
    };

    public static IEnumerable<Problem> OfDestination(GuestFiles files)
    {
        if (Encoding.UTF8.GetByteCount(files.RescueMonitor) <= GuestFiles.SocketPathBytesMax) yield break;
        yield return Problem.Error(
            "qemu.path.tooLong",
            $"{files.RescueMonitor} is longer than the {GuestFiles.SocketPathBytesMax} bytes of a socket's path.",
            "Give the agent a shorter directory.");
    }

    private static IEnumerable<Problem> OfMachine(QemuMachine machine, QemuInstallation installation)
    {
        if (machine.Machine is "q35" or "pc")
        {
            yield return Problem.Error(
                "qemu.machine.unversioned", $"{machine.Machine} means another machine in each QEMU version.", "Name the versioned type, for example pc-q35-7.2.");
        }
        else if (installation.Machines.Count > 0 && !installation.Machines.Contains(machine.Machine))
        {
            yield return Problem.Error(
                "qemu.machine.unknown",
                $"QEMU {installation.Version} here has no machine type {machine.Machine}.",
                "Install a QEMU that has it, or give the guest a newer type at its next start.");
        }

        if (machine is { Tap: not null, Mac: null })
        {
            yield return Problem.Error("qemu.mac.missing", "The network device has no MAC address.", "Give the guest a mac, the same on both hosts.");
        }
    }

    private static IEnumerable<Problem> OfMemory(GuestSpec spec, QemuOptions options, QemuInstallation installation)
    {
        if (spec.Memory.Value <= 0 || spec.Memory.Value % PageBytes != 0)
        {
            yield return Problem.Error("memory.pageSize", $"{spec.Memory.Value} bytes are no whole number of 4 KiB pages.", "Choose a multiple of 4 KiB.");
        }
        else if (options.Accelerator == "tcg" && installation.Version < TcgRepaired && spec.Memory.Value % LosingMultiple == 0)
        {
            yield return Problem.Error(
                "memory.tcgLosesWrites",
                $"QEMU {installation.Version} under TCG loses guest writes in pre-copy if the memory is a multiple of 256 KiB; {spec.Memory} is.",
                "Add 8 KiB to the guest's memory, use KVM, or QEMU 9.0 or newer.");
        }
    }

    private static IEnumerable<Problem> OfFiles(QemuMachine machine) =>
        from path in (string?[])[machine.Kernel, machine.Initrd]
        where path is not null && !File.Exists(path)
        select Problem.Error("qemu.file.missing", $"{path} is not on this host.", "Put it there; both hosts need it under the same path.");
}
