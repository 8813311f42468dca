using System.Diagnostics;
using Qemu.Tests.Support;

namespace Qemu.Tests.Lab;

/// <summary>
/// Hosts as network namespaces (tests/lab/net.sh): a shaped migration network, the guests' network with a client outside, a control network with
/// the coordinator's place. Everything in it is ended and removed with it.
/// </summary>
internal sealed class NetworkLab : IAsyncDisposable
{
    /// <summary>Where a coordinator runs: its namespace's loopback, and this address for agents.</summary>
    public const string ControlAddress = "10.66.0.254";

    private readonly string _prefix;
    private readonly List<Process> _started = [];

    private NetworkLab(string prefix) => _prefix = prefix;

    /// <summary>Namespace of the coordinator.</summary>
    public string Control => _prefix + "-sw";

    /// <param name="hosts">1 to 26, called A, B, ….</param>
    /// <param name="megabits">Of each host's migration link; null is not shaped.</param>
    public static async Task<NetworkLab> UpAsync(int hosts, int? megabits)
    {
        var lab = new NetworkLab("qt" + Path.GetRandomFileName()[..4]);
        try
        {
            await lab.NetAsync("up", megabits is { } rate ? [$"{hosts}", $"{rate}"] : [$"{hosts}"]);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    public static string MigrationAddress(char host) => $"10.77.0.{host - 'A' + 1}";

    public string Namespace(char host) => $"{_prefix}-{host}";

    /// <summary>A tap on the host's guest network.</summary>
    public Task AddTapAsync(char host, string name) => NetAsync("tap", $"{host}", name);

    /// <summary>Pulls the cable of the migration network: no reset, no carrier.</summary>
    public Task CutAsync(char host) => NetAsync("cut", $"{host}", "mig");

    public Task HealAsync(char host) => NetAsync("heal", $"{host}", "mig");

    /// <summary>Starts a program there; its output goes to a file.</summary>
    public Process Start(string inNamespace, string logFile, IReadOnlyDictionary<string, string> environment, params string[] command)
    {
        // The shell redirects: a pipe of ours would tie its children to us.
        var start = new ProcessStartInfo("ip", ["netns", "exec", inNamespace, "/bin/sh", "-c", "log=$1; shift; exec \"$@\" </dev/null >>\"$log\" 2>&1", "sh", logFile, .. command]);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        _started.Add(process);
        return process;
    }

    /// <summary>Runs a program there to its end.</summary>
    /// <returns>What it printed; its errors if it failed.</returns>
    public async Task<(int ExitCode, string Output)> RunAsync(string inNamespace, params string[] command) =>
        await EndedAsync("ip", ["netns", "exec", inNamespace, .. command]);

    /// <summary>The client outside begins to read a guest's counter over TCP and UDP.</summary>
    public Probe StartProbe(string guestAddress, string directory) => new(this, _prefix + "-client", guestAddress, directory);

    public async ValueTask DisposeAsync()
    {
        await NetAsync("down");
        foreach (var process in _started)
        {
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    private async Task NetAsync(string verb, params string[] arguments)
    {
        var (code, output) = await EndedAsync(Path.Combine(LabImage.Repository, "tests", "lab", "net.sh"), [verb, _prefix, .. arguments]);
        Assert.True(code == 0, $"net.sh {verb}: {output}");
    }

    private static async Task<(int ExitCode, string Output)> EndedAsync(string program, string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? await output : await output + await errors);
    }
}
