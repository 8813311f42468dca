using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cli.Demo;
using Coordinator.Application.Node;
using Coordinator.Shared.Security;
using HostNode.Hypervisors.Fake;

namespace Cluster.Tests.Given;

/// <summary>
/// A coordinator and agents as real processes on loopback, each of which may be killed, stopped and started again. Everything lives in
/// one directory and is found by that path, so that nothing is left behind whatever a test did.
/// </summary>
public sealed class ClusterUnderTest : IAsyncDisposable
{
    private const string Node = "node-1";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly Dictionary<string, int> _peerPorts = [];
    private readonly int _httpPort = FreePort.Find();
    private readonly int _hubPort = FreePort.Find();
    private readonly OwnProcesses _processes;

    private ClusterUnderTest(IReadOnlyList<string> hosts)
    {
        Hosts = hosts;
        _processes = new OwnProcesses(Directory);
        Witness = new Witness(In("witness"));
        Client = new ClusterClient(new Uri($"http://127.0.0.1:{_httpPort}"));
    }

    public IReadOnlyList<string> Hosts { get; }

    // Short: a UNIX socket's path has at most 107 bytes, and guests have theirs below.
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lm-ct-").FullName;

    public Witness Witness { get; }

    internal ClusterClient Client { get; }

    public string FakeRoot => In("fake");

    public string Server => $"http://127.0.0.1:{_httpPort}";

    /// <summary>A cluster that serves, with all hosts connected.</summary>
    public static async Task<ClusterUnderTest> StartAsync(params string[] hosts)
    {
        var cluster = new ClusterUnderTest(hosts.Length > 0 ? hosts : ["host-a", "host-b"]);
        try
        {
            cluster.MakeCertificates();
            cluster.StartCoordinator();
            foreach (var host in cluster.Hosts) cluster.MakeHost(host);
            // Agents that find nobody wait longer each time.
            await cluster.ReadyAsync();
            foreach (var host in cluster.Hosts) cluster.StartAgent(host);
            await cluster.ReadyAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <param name="failpoint">Where it dies; see <see cref="CoordinatorFailpoints"/>.</param>
    public void StartCoordinator(string? failpoint = null)
    {
        List<(string, string)> settings =
        [
            ("Coordinator__Node", Node), ("Coordinator__Sqlite__Path", In("coordinator.db")),
            ("Coordinator__Http__Port", $"{_httpPort}"), ("Coordinator__Hub__Port", $"{_hubPort}"),
            ("Coordinator__Tls__Certificate", In("coordinator.pem")), ("Coordinator__Tls__Key", In("coordinator.key")), ("Coordinator__Tls__CaBundle", In("ca.pem")),
        ];
        if (failpoint is not null) settings.Add((CoordinatorFailpoints.Variable, failpoint));
        // The directory stands in the command line, so that a stray one can be found by it.
        Start("coordinator", [BuiltPrograms.Dotnet, BuiltPrograms.Coordinator, "--ReadyFile", In("ready.json")], settings);
    }

    /// <param name="failpoint">Where it dies; see <see cref="HostNode.Agent.Loop.Failpoints"/>.</param>
    public void StartAgent(string host, string? failpoint = null)
    {
        List<(string, string)> settings = [(FakeOptions.RootVariable, FakeRoot)];
        if (failpoint is not null) settings.Add((HostNode.Agent.Loop.Failpoints.Variable, failpoint));
        Start(host, [BuiltPrograms.Dotnet, BuiltPrograms.Agent, "run", "--config", In(host + ".json")], settings);
    }

    /// <summary>kill -9 of the coordinator or of an agent, and sees it dead.</summary>
    public void Kill(string name) => _running[name].Kill();

    /// <summary>kill -9 of an agent and of all its guests at once: the machine is gone.</summary>
    public void KillMachine(string host)
    {
        _running[host].Kill();
        foreach (var (id, command) in _processes.Find())
        {
            if (Array.Exists(command, word => word.Contains(In(host) + "/", StringComparison.Ordinal))) Signal(id, "KILL");
        }

        // Its disk is gone too; a fake guest's file is its process.
        foreach (var file in FilesOf("vm-*", host)) File.Delete(file);
    }

    public bool HasEnded(string name) => _running[name].HasExited;

    /// <summary>Waits until it has died of its failpoint.</summary>
    public async Task DiedAsync(string name, string failpoint = "its failpoint")
    {
        await UntilAsync($"{name} to die at {failpoint}", () => Task.FromResult(_running[name].HasExited));
        Assert.Equal(128 + 9, _running[name].ExitCode);
    }

    /// <summary>Waits until it stands still of a SIGSTOP.</summary>
    public Task StoppedAsync(string name) =>
        UntilAsync($"{name} to stand still", () => Task.FromResult(File.ReadAllText($"/proc/{_running[name].Id}/stat").Split(") ")[1][0] == 'T'));

    public void Stop(string name) => Signal(_running[name].Id, "STOP");

    public void Continue(string name) => Signal(_running[name].Id, "CONT");

    /// <summary>Waits until the coordinator serves and every host that runs is connected.</summary>
    public async Task ReadyAsync()
    {
        await UntilAsync("the coordinator to serve", async () =>
        {
            MustLive("coordinator");
            return (await Client.HealthAsync()).Status == "ok";
        });
        foreach (var host in Hosts.Where(host => _running.TryGetValue(host, out var agent) && !agent.HasExited))
        {
            await UntilAsync($"{host} to connect", async () =>
            {
                MustLive(host);
                return (await Client.HostAsync(host)).Status.Phase == "Ready";
            });
        }
    }

    /// <summary>Waits until the coordinator has noticed that a host is gone: before, it lets nobody write it off.</summary>
    public Task SilentAsync(string host) => UntilAsync($"{host} to count as gone", async () => (await Client.HostAsync(host)).Status.Phase == "Gone");

    /// <summary>Looks again and again until it holds. An unreachable coordinator does not hold.</summary>
    public async Task UntilAsync(string what, Func<Task<bool>> holds)
    {
        var began = Stopwatch.GetTimestamp();
        var last = "it did not come to be";
        while (Stopwatch.GetElapsedTime(began) < Patience)
        {
            try
            {
                if (await holds()) return;
            }
            catch (Cli.CliException e) when (e.ExitCode is Cli.ExitCodes.Unreachable or Cli.ExitCodes.NotFound)
            {
                last = e.Message;
            }

            await Task.Delay(10);
        }

        Assert.Fail($"waited {Patience.TotalSeconds:0} s for {what}: {last}\n{Logs()}");
    }

    /// <summary>How each host's fake guests behave from now on.</summary>
    public void Script(FakeScript script)
    {
        foreach (var host in Hosts) script.Write(Path.Combine(FakeRoot, host));
    }

    /// <summary>Processes that hold this guest's memory, on any host.</summary>
    public int GuestProcesses(string vm) => _processes.GuestsOf(vm).Count;

    /// <summary>Files of this guest on a host: fake guests are files, native ones have sockets.</summary>
    public IReadOnlyList<string> Residue(string vm, string host) => FilesOf(vm + ".*", host);

    /// <summary>Runs <c>lm</c> against this cluster as a person would.</summary>
    public (int ExitCode, string Output) Lm(params string[] arguments)
    {
        var log = In("lm.log");
        File.Delete(log);
        using var lm = ChildProcess.Start("lm", log, [BuiltPrograms.Dotnet, BuiltPrograms.Lm, .. arguments, "--server", Server], []);
        while (!lm.HasExited) Thread.Sleep(5);
        return (lm.ExitCode, File.ReadAllText(log));
    }

    /// <summary>The end of every process's output: what a failed test must show.</summary>
    public string Logs() => string.Join("\n", _running.Keys.Select(name => $"--- {name}:\n{string.Join('\n', File.ReadLines(In(name + ".log")).TakeLast(25))}"));

    public ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values) process.Dispose();
        _processes.KillAll();
        Client.Dispose();
        Witness.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    private IReadOnlyList<string> FilesOf(string pattern, string host) =>
    [
        .. new[] { Path.Combine(FakeRoot, host), In(host) }.Where(System.IO.Directory.Exists)
            .SelectMany(root => System.IO.Directory.EnumerateFiles(root, pattern, SearchOption.AllDirectories)),
    ];

    private void MustLive(string name)
    {
        if (_running[name].HasExited) Assert.Fail($"{name} ended with code {_running[name].ExitCode}: {_running[name].LastLine()}");
    }

    private string In(string name) => Path.Combine(Directory, name);

    private void Start(string name, string[] command, IReadOnlyList<(string, string)> environment)
    {
        if (_running.Remove(name, out var former)) former.Dispose();
        _running[name] = ChildProcess.Start(name, In(name + ".log"), command, environment);
    }

    private void MakeHost(string host)
    {
        _peerPorts[host] = FreePort.Find();
        File.WriteAllText(In(host + ".json"), JsonSerializer.Serialize(new
        {
            Dir = In(host),
            Host = host,
            Coordinators = new[] { $"wss://127.0.0.1:{_hubPort}" },
            Address = "127.0.0.1",
            PeerPort = _peerPorts[host],
            Certificates = new { Certificate = In(host + ".pem"), Key = In(host + ".key"), CaBundle = In("ca.pem") },
            Memory = 1L << 36,
            Cpus = 1024,
            Drivers = new[] { "fake", "native" },
            HolderPath = BuiltPrograms.GuestHolder,
        }));
        using var made = ChildProcess.Start(host, In(host + ".log"), [BuiltPrograms.Dotnet, BuiltPrograms.Agent, "init", "--dir", In(host), "--host", host], []);
        while (!made.HasExited) Thread.Sleep(5);
        Assert.True(made.ExitCode == 0, made.LastLine());
    }

    private void MakeCertificates()
    {
        var now = DateTimeOffset.UtcNow;
        var root = CertificateAuthority.Create("cluster under test", now.AddMinutes(-5), now.AddDays(1));
        File.WriteAllText(In("ca.pem"), root.Certificate);
        Write("coordinator", PeerIdentity.OfCoordinator(Node));
        foreach (var host in Hosts) Write(host, new PeerIdentity(PeerRole.Host, host));

        void Write(string name, PeerIdentity identity)
        {
            var pem = CertificateAuthority.Issue(root, identity, ["127.0.0.1", "localhost"], now.AddMinutes(-5), now.AddDays(1));
            File.WriteAllText(In(name + ".pem"), pem.Certificate);
            File.WriteAllText(In(name + ".key"), pem.Key);
            File.SetUnixFileMode(In(name + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private static void Signal(int process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
