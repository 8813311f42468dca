using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>The arguments of a guest's QEMU: the same on both hosts but for paths, so that the state fits.</summary>
internal static class QemuCommandLine
{
    /// <param name="incoming">Receives a migration: listens later, on order, and populates its memory at once.</param>
    /// <remarks>Always <c>-S</c>: no vCPU starts but by <c>cont</c>, so a destination that has everything still waits for the decision.</remarks>
    public static IReadOnlyList<string> Build(GuestFiles files, GuestSpec spec, QemuOptions options, bool incoming)
    {
        var machine = spec.Qemu ?? throw new ArgumentException("the guest has no QEMU machine", nameof(spec));
        List<string> arguments =
        [
            "-name", files.Vm.Value, "-uuid", UuidOf(files.Vm).ToString(),
            "-nodefaults", "-no-user-config", "-display", "none", "-msg", "timestamp=on",
            "-machine", machine.Machine, "-accel", options.Accelerator,
            "-m", string.Create(CultureInfo.InvariantCulture, $"{spec.Memory.Value / 1024}K"),
            "-smp", spec.Vcpus.ToString(CultureInfo.InvariantCulture),
            "-qmp", Monitor(files.AgentMonitor), "-qmp", Monitor(files.RescueMonitor),
            "-pidfile", files.PidFile, "-D", files.Log, "-daemonize",
            "-chardev", "file,id=console0,append=on,path=" + Escape(files.Console), "-serial", "chardev:console0",
            "-S",
        ];
        if (incoming) arguments.AddRange(["-incoming", "defer", "-mem-prealloc"]);
        if (machine.Kernel is { } kernel) arguments.AddRange(["-kernel", kernel]);
        if (machine.Initrd is { } initrd) arguments.AddRange(["-initrd", initrd]);
        if (machine.Append is { } append) arguments.AddRange(["-append", append]);
        if (machine.Tap is { } tap)
        {
            var name = tap.Replace("{host}", options.HostId.Value, StringComparison.Ordinal);
            arguments.AddRange(["-netdev", $"tap,id=net0,ifname={Escape(name)},script=no,downscript=no"]);
            arguments.AddRange(["-device", $"virtio-net-pci,id=nic0,netdev=net0,mac={machine.Mac}"]);
        }

        if (machine.ExtraArguments is { } extra) arguments.AddRange(extra);
        return arguments;
    }

    /// <summary>The same identity on every host, from the name alone.</summary>
    public static Guid UuidOf(VmId vm) => new(SHA256.HashData(Encoding.UTF8.GetBytes("coordinator-vm:" + vm.Value)).AsSpan(0, 16), bigEndian: true);

    private static string Monitor(string path) => $"unix:{Escape(path)},server=on,wait=off";

    // In QEMU's option lists a comma is doubled.
    private static string Escape(string value) => value.Replace(",", ",,", StringComparison.Ordinal);
}
