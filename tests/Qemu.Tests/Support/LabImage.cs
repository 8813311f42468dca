using System.Diagnostics;

namespace Qemu.Tests.Support;

/// <summary>The lab's guest image, built once by tests/lab/mkguest.sh into artifacts/lab-guest and kept.</summary>
internal static class LabImage
{
    private static readonly Lazy<string> Built = new(Build);

    public static string Kernel => Path.Combine(Built.Value, "vmlinuz");

    public static string Initrd => Path.Combine(Built.Value, "initrd.gz");

    /// <summary>Root of the repository: where Coordinator.sln is.</summary>
    public static string Repository { get; } = FindRepository();

    private static string Build()
    {
        var directory = Path.Combine(Repository, "artifacts", "lab-guest");
        Directory.CreateDirectory(directory);
        // One builder at a time, also among test processes.
        using var alone = new FileStream(Path.Combine(directory, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var made = Path.Combine(directory, ".made");
        if (File.Exists(made)) return directory;
        using var maker = Process.Start(new ProcessStartInfo(Path.Combine(Repository, "tests", "lab", "mkguest.sh"), [directory]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        var errors = maker.StandardError.ReadToEndAsync();
        var output = maker.StandardOutput.ReadToEndAsync();
        if (!maker.WaitForExit(TimeSpan.FromMinutes(5))) maker.Kill(entireProcessTree: true);
        if (maker.ExitCode != 0) throw new InvalidOperationException($"mkguest.sh failed: {errors.Result}{output.Result}");
        File.WriteAllText(made, "");
        return directory;
    }

    private static string FindRepository()
    {
        var directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "Coordinator.sln"))) directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("no Coordinator.sln above the tests");
        return directory;
    }
}
