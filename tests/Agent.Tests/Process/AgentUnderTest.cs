using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Agent.Tests.Security;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using HostNode.Agent.Loop;
using HostNode.Hypervisors.Fake;

namespace Agent.Tests.Process;

/// <summary>A host with a real agent process on it: its directory outlives the process, as a real host's does.</summary>
internal sealed class AgentUnderTest : IDisposable
{
    private const int SigTerm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly List<string> _output = [];
    private System.Diagnostics.Process? _process;

    public AgentUnderTest(string root, string host, TestAuthority authority, IReadOnlyList<Uri> coordinators)
    {
        Host = HostId.Parse(host);
        Directory = Path.Combine(root, host);
        FakeRoot = Path.Combine(root, "fake");
        Journal = Path.Combine(Directory, "journal");
        Port = FreePort();
        System.IO.Directory.CreateDirectory(Directory);
        var leaf = authority.Issue(PeerIdentity.OfHost(Host));
        File.WriteAllText(Path.Combine(Directory, "host.pem"), leaf.Certificate);
        File.WriteAllText(Path.Combine(Directory, "host.key"), leaf.Key);
        File.WriteAllText(Path.Combine(Directory, "ca.pem"), authority.Root.Certificate);
        ConfigFile = Path.Combine(Directory, "agent.json");
        File.WriteAllText(ConfigFile, JsonSerializer.Serialize(new
        {
            Dir = Journal,
            Host = host,
            Coordinators = coordinators,
            Address = "127.0.0.1",
            PeerPort = Port,
            Certificates = new { Certificate = Path.Combine(Directory, "host.pem"), Key = Path.Combine(Directory, "host.key"), CaBundle = Path.Combine(Directory, "ca.pem") },
            Memory = 1L << 30,
            Cpus = 2,
            Drivers = new[] { "fake" },
        }));
    }

    public HostId Host { get; }

    public string Directory { get; }

    public string Journal { get; }

    public string ConfigFile { get; }

    public string FakeRoot { get; }

    public int Port { get; }

    public string FakeDirectory => Path.Combine(FakeRoot, Host.Value);

    public bool HasExited => _process!.HasExited;

    /// <summary>137 after a SIGKILL.</summary>
    public int ExitCode => _process!.ExitCode;

    public string Output
    {
        get
        {
            lock (_output) return string.Join('\n', _output);
        }
    }

    public void Init() => Assert.Equal(0, Finish("init", "--dir", Journal, "--host", Host.Value).ExitCode);

    /// <summary>Starts the agent; with a failpoint it dies of it.</summary>
    public void Start(string? failpoint = null, params (string Name, string Value)[] environment) => Start(failpoint, shell: null, environment);

    private void Start(string? failpoint, string? shell, params (string Name, string Value)[] environment)
    {
        lock (_output) _output.Clear();
        var start = Command("run", "--config", ConfigFile);
        if (shell is not null)
        {
            start.ArgumentList.Insert(0, start.FileName);
            start.ArgumentList.Insert(0, shell);
            start.ArgumentList.Insert(0, "-c");
            start.FileName = "bash";
        }

        start.Environment[FakeOptions.RootVariable] = FakeRoot;
        if (failpoint is not null) start.Environment[Failpoints.Variable] = failpoint;
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _process = new System.Diagnostics.Process { StartInfo = start };
        _process.OutputDataReceived += Keep;
        _process.ErrorDataReceived += Keep;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Starts the agent where no file may grow beyond so many KiB: the disk is full for its journal.</summary>
    public void StartOnFullDisk(int kibibytes) =>
        Start(failpoint: null, shell: $"trap '' XFSZ; ulimit -f {kibibytes}; exec \"$0\" \"$@\"", ("DOTNET_EnableWriteXorExecute", "0"));

    public async Task<int> ExitAsync()
    {
        using var patience = new CancellationTokenSource(Patience);
        await _process!.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await ExitAsync();
    }

    public async Task<int> TerminateAsync()
    {
        using var kill = System.Diagnostics.Process.Start("kill", [$"-{SigTerm}", $"{_process!.Id}"]);
        return await ExitAsync();
    }

    /// <summary>Waits until the agent has logged an event of that name.</summary>
    public async Task LoggedAsync(string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!Output.Contains($" {what} ", StringComparison.Ordinal))
        {
            if (_process!.HasExited) Assert.Fail($"{Host} ended with {_process.ExitCode} before it logged {what}:\n{Output}");
            if (patience.IsCancellationRequested) Assert.Fail($"{Host} did not log {what}:\n{Output}");
            await Task.Delay(10);
        }
    }

    /// <summary>Runs a verb to its end.</summary>
    public static (int ExitCode, string Error) Finish(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start(Command(arguments))!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        _ = output.Result;
        return (process.ExitCode, error);
    }

    // Below what the kernel gives to clients: one of them may be given the port while the agent is being restarted.
    public static int FreePort()
    {
        for (var tries = 1; ; tries++)
        {
            var port = Random.Shared.Next(10_000, 32_000);
            using var probe = new TcpListener(IPAddress.Loopback, port);
            try
            {
                probe.Start();
                return port;
            }
            catch (SocketException) when (tries < 100)
            {
                // Somebody listens there.
            }
        }
    }

    public void Dispose()
    {
        if (_process is null) return;
        if (!_process.HasExited) _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static ProcessStartInfo Command(params string[] arguments) =>
        new(Environment.ProcessPath is { } path && Path.GetFileName(path) == "dotnet" ? path : "dotnet", [AgentPath(), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };

    private static string AgentPath() =>
        Path.Combine(AppContext.BaseDirectory.Replace("/tests/Agent.Tests/", "/src/HostNode/Agent/", StringComparison.Ordinal), "host-agent.dll");

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_output) _output.Add(line.Data);
    }
}
