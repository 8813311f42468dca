using System.Diagnostics;
using System.Text.Json;

namespace Server.Tests;

/// <summary>The coordinator as users start it: a real process with its real exit code.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    private ServerProcess(Process process) => _process = process;

    public int Id => _process.Id;

    public static ServerProcess Start(IEnumerable<KeyValuePair<string, string>> environment, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true, WorkingDirectory = Path.GetTempPath() };
        start.ArgumentList.Add(Repository.Program("src/Coordinator/Server", "coordinator.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return new ServerProcess(process);
    }

    /// <summary>Waits until it serves; the addresses are its own words.</summary>
    public async Task<(string Http, string Hub)> ServingAsync(string readyFile)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!File.Exists(readyFile))
        {
            if (_process.HasExited) Assert.Fail($"it ended with {_process.ExitCode}: {await _process.StandardError.ReadToEndAsync()}");
            await Task.Delay(20, patience.Token);
        }

        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(readyFile));
        return (json.RootElement.GetProperty("http").GetString()!, json.RootElement.GetProperty("hub").GetString()!);
    }

    public void Signal(string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Exit code and everything on standard error.</summary>
    public async Task<(int Code, string Error)> EndedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var error = await _process.StandardError.ReadToEndAsync(patience.Token);
        await _process.WaitForExitAsync(patience.Token);
        return (_process.ExitCode, error);
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
