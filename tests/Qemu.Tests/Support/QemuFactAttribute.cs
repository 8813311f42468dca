namespace Qemu.Tests.Support;

/// <summary>A test with real QEMU and the lab's guest. Without the tools it is skipped and says what to install; with CI=true it runs, and fails.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class QemuFactAttribute : FactAttribute
{
    public QemuFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("CI") != "true") Skip = Requirements.Missing("qemu-system-x86_64", "busybox", "cpio", "gcc", "dpkg-deb");
    }
}

internal static class Requirements
{
    /// <summary>What cannot be found in PATH, as a reason to skip; null if all is there.</summary>
    public static string? Missing(params string[] programs)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':');
        var missing = programs.Where(program => !path.Any(directory => File.Exists(Path.Combine(directory, program)))).ToArray();
        return missing.Length == 0
            ? null
            : $"not installed: {string.Join(", ", missing)} (Debian: apt-get install qemu-system-x86 busybox-static cpio gcc libc6-dev iproute2 python3)";
    }
}
