using System.Diagnostics;
using Coordinator.Shared.Contracts;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Whether a guest boots under KVM here. That <c>/dev/kvm</c> can be opened says little: on some nested hosts guests then stand still for ever.
/// So a firmware-only guest must say its first words on its debug port.
/// </summary>
internal static class KvmSelfTest
{
    public static IReadOnlyList<Problem> Run(QemuOptions options)
    {
        using var guest = Process.Start(new ProcessStartInfo(options.QemuPath,
        [
            "-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35", "-accel", "kvm", "-m", "64M",
            "-chardev", "stdio,id=words", "-device", "isa-debugcon,iobase=0x402,chardev=words",
        ]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false });
        if (guest is null) return [NotUsable("it could not be started")];
        try
        {
            var words = guest.StandardOutput.BaseStream.ReadAsync(new byte[1]).AsTask();
            if (!words.Wait(options.StartTimeout)) return [NotUsable($"a guest stood still for {options.StartTimeout.TotalSeconds:0.#} s")];
            return words.Result == 1 ? [] : [NotUsable(guest.StandardError.ReadToEnd().Trim())];
        }
        finally
        {
            guest.Kill();
            guest.WaitForExit();
        }
    }

    private static Problem NotUsable(string what) => Problem.Error(
        "qemu.kvm.notUsable",
        "A guest does not boot under KVM on this host: " + what,
        "Set the accelerator to tcg, or repair (nested) virtualization on this host.");
}
