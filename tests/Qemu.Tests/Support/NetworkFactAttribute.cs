namespace Qemu.Tests.Support;

/// <summary>A test with network namespaces and real guests: needs root besides what <see cref="QemuFactAttribute"/> needs. Skipped with the reason, or failing with CI=true.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class NetworkFactAttribute : FactAttribute
{
    public NetworkFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") return;
        Skip = Environment.IsPrivilegedProcess
            ? Requirements.Missing("qemu-system-x86_64", "busybox", "cpio", "gcc", "dpkg-deb", "ip", "bridge", "tc", "python3")
            : "network namespaces need root";
    }
}
