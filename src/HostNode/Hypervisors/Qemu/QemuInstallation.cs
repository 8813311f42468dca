using System.Diagnostics;
using System.Text.RegularExpressions;
using Coordinator.Shared.Contracts;

namespace HostNode.Hypervisors.Qemu;

/// <summary>The QEMU of this host: which version, which machine types. Asked once, by running it.</summary>
internal sealed partial class QemuInstallation
{
    private readonly Lazy<Findings> _findings;

    public QemuInstallation(QemuOptions options) => _findings = new Lazy<Findings>(() => Look(options));

    /// <summary>What stops the driver from working here, or empty.</summary>
    public IReadOnlyList<Problem> Problems => _findings.Value.Problems;

    /// <summary>0.0 if it could not be run.</summary>
    public Version Version => _findings.Value.Version;

    /// <summary>Names and aliases of the machine types it can be.</summary>
    public IReadOnlySet<string> Machines => _findings.Value.Machines;

    private static Findings Look(QemuOptions options)
    {
        List<Problem> problems = [];
        CheckRunDirectory(options, problems);
        try
        {
            var version = VersionLine().Match(Run(options, "--version"));
            if (!version.Success) throw new InvalidOperationException("it gave no version");
            var machines = MachineLine().Matches(Run(options, "-machine", "help")).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
            if (options.Accelerator == "kvm") problems.AddRange(KvmSelfTest.Run(options));
            return new Findings(problems, Version.Parse(version.Groups[1].Value), machines);
        }
        catch (Exception failure) when (failure is System.ComponentModel.Win32Exception or InvalidOperationException or IOException)
        {
            problems.Add(Problem.Error(
                "qemu.missing",
                $"{options.QemuPath} cannot be run: {failure.Message}",
                "Install it (Debian: apt-get install qemu-system-x86), or name its path in the agent's configuration."));
            return new Findings(problems, new Version(0, 0), new HashSet<string>(StringComparer.Ordinal));
        }
    }

    private static void CheckRunDirectory(QemuOptions options, List<Problem> problems)
    {
        try
        {
            Directory.CreateDirectory(options.RunDirectory);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problems.Add(Problem.Error(
                "qemu.runDirectory", $"{options.RunDirectory} cannot be made: {failure.Message}", "Name a directory that the agent's user may write."));
        }
    }

    private static string Run(QemuOptions options, params string[] arguments)
    {
        var start = new ProcessStartInfo(options.QemuPath, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("no process was started");
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(options.StartTimeout))
        {
            process.Kill();
            throw new InvalidOperationException($"no end after {options.StartTimeout.TotalSeconds:0} s");
        }

        if (process.ExitCode != 0) throw new InvalidOperationException($"exit code {process.ExitCode}: {errors.GetAwaiter().GetResult().Trim()}");
        return output.GetAwaiter().GetResult();
    }

    [GeneratedRegex(@"version (\d+\.\d+\.\d+)")]
    private static partial Regex VersionLine();

    [GeneratedRegex(@"^(\S+) +\S", RegexOptions.Multiline)]
    private static partial Regex MachineLine();

    private sealed record Findings(IReadOnlyList<Problem> Problems, Version Version, IReadOnlySet<string> Machines);
}
