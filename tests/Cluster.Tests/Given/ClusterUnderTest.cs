using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cli.Demo;
using Coordinator.Application.Node;
using Coordinator.Shared.Security;
using HostNode.Hypervisors.Fake;
using Lab.Servers;

namespace Cluster.Tests.Given;

/// <summary>
/// A coordinator and agents as real processes on loopback, each of which may be killed, stopped and started again. Everything lives in
/// one directory and is found by that path, so that nothing is left behind whatever a test did.
/// </summary>
public sealed class ClusterUnderTest : IAsyncDisposable
{
    /// <summary>Name of a coordinator that stood still and was replaced.</summary>
    public const string Zombie = "zombie";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly Dictionary<string, int> _peerPorts = [];
    private readonly (int Http, int Hub) _spare = (FreePort.Find(), FreePort.Find());
    private readonly OwnProcesses _processes;
    private readonly PostgresServer? _store;
    private readonly RabbitMqServer? _broker;
    private readonly IReadOnlyList<(int Http, int Hub)> _others;
    private PemCertificate? _authority;
    private (int Http, int Hub) _ports = (FreePort.Find(), FreePort.Find());

    private ClusterUnderTest(IReadOnlyList<string> hosts, PostgresServer? store, RabbitMqServer? broker, int coordinators)
    {
        (Hosts, _store, _broker) = (hosts, store, broker);
        _others = [.. Enumerable.Range(0, coordinators - 1).Select(_ => (FreePort.Find(), FreePort.Find()))];
        _processes = new OwnProcesses(Directory);
        Witness = new Witness(In("witness"));
        Client = new ClusterClient(new Uri(Server));
    }

    public IReadOnlyList<string> Hosts { get; }

    // Short: a UNIX socket's path has at most 107 bytes, and guests have theirs below.
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lm-ct-").FullName;

    public Witness Witness { get; }

    internal ClusterClient Client { get; private set; }

    public string FakeRoot => In("fake");

    public string Server => $"http://127.0.0.1:{_ports.Http}";

    /// <summary>A cluster that serves, with all hosts connected.</summary>
    public static Task<ClusterUnderTest> StartAsync(params string[] hosts) => StartAsync(hosts, new Dictionary<string, string>());

    /// <param name="hosts">Two, if it names none.</param>
    /// <param name="failpoints">Where the coordinator and the agents, by name, fall in their first life.</param>
    public static Task<ClusterUnderTest> StartAsync(IReadOnlyList<string> hosts, IReadOnlyDictionary<string, string> failpoints) => StartAsync(null, null, 1, hosts, failpoints);

    /// <summary>Coordinators that share a store; agents know all of them.</summary>
    /// <param name="store">A running server with nothing of ours in it.</param>
    /// <param name="broker">Carries their messages; null: the store does.</param>
    public static Task<ClusterUnderTest> StartAsync(PostgresServer store, RabbitMqServer? broker, int coordinators) => StartAsync(store, broker, coordinators, [], new Dictionary<string, string>());

    private static async Task<ClusterUnderTest> StartAsync(PostgresServer? store, RabbitMqServer? broker, int coordinators, IReadOnlyList<string> hosts, IReadOnlyDictionary<string, string> failpoints)
    {
        var cluster = new ClusterUnderTest(hosts.Count > 0 ? hosts : ["host-a", "host-b"], store, broker, coordinators);
        try
        {
            cluster.MakeCertificates();
            if (store is not null) cluster.Migrate();
            cluster.StartCoordinator(failpoints.GetValueOrDefault("coordinator"));
            for (var number = 2; number <= coordinators; number++) cluster.StartCoordinator(number: number);
            // One that will stand still is followed by another one, which the agents must be able to find.
            int[] hubs = failpoints.TryGetValue("coordinator", out var point) && point.EndsWith("=stop", StringComparison.Ordinal) ? [cluster._spare.Hub, cluster._ports.Hub] : [cluster._ports.Hub, .. cluster._others.Select(other => other.Hub)];
            foreach (var host in cluster.Hosts) cluster.MakeHost(host, hubs);
            // Agents that find nobody wait longer each time.
            await cluster.ReadyAsync();
            foreach (var host in cluster.Hosts) cluster.StartAgent(host, failpoints.GetValueOrDefault(host));
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
    /// <param name="number">Which one, from 1.</param>
    /// <param name="release">Which release it says it is, and its contracts; null for what it is.</param>
    /// <param name="more">Settings besides, as environment.</param>
    public void StartCoordinator(string? failpoint = null, int number = 1, string? release = null, params IReadOnlyList<(string, string)> more)
    {
        var (http, hub) = PortsOf(number);
        var name = Coordinator(number);
        List<(string, string)> settings =
        [
            ("Coordinator__Node", NodeOf(number)), .. StoreSettings(), ("Coordinator__Http__Port", $"{http}"), ("Coordinator__Hub__Port", $"{hub}"),
            ("Coordinator__Tls__Certificate", In(name + ".pem")), ("Coordinator__Tls__Key", In(name + ".key")), ("Coordinator__Tls__CaBundle", In("ca.pem")),
        ];
        settings.AddRange(more);
        if (failpoint is not null) settings.Add((CoordinatorFailpoints.Variable, failpoint));
        if (release is not null) settings.Add(("LM_PRETEND_RELEASE", release));
        // The directory stands in the command line, so that a stray one can be found by it.
        Start(name, [BuiltPrograms.Dotnet, BuiltPrograms.Coordinator, "--ReadyFile", In(name + ".ready.json")], settings);
    }

    /// <summary>Name of a coordinator's process, from 1.</summary>
    public static string Coordinator(int number) => number == 1 ? "coordinator" : $"coordinator-{number}";

    /// <summary>From now on <see cref="Client"/> asks this one of several coordinators, from 1.</summary>
    public void SpeakTo(int number)
    {
        Client.Dispose();
        Client = new ClusterClient(new Uri($"http://127.0.0.1:{PortsOf(number).Http}"));
    }

    /// <summary>Another coordinator on the same store, at other ports: the one that stands still keeps its own, and is the <see cref="Zombie"/> from now on.</summary>
    public void ReplaceCoordinator()
    {
        _running.Remove("coordinator", out var stopped);
        _running[Zombie] = stopped!;
        _ports = _spare;
        Client.Dispose();
        Client = new ClusterClient(new Uri(Server));
        StartCoordinator();
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

    public bool Has(string name) => _running.ContainsKey(name);

    public int ExitCodeOf(string name) => _running[name].ExitCode;

    /// <summary>Another machine, with a certificate and a journal; its agent does not run yet.</summary>
    public void AddHost(string host)
    {
        IssueCertificate(_authority!, host, new PeerIdentity(PeerRole.Host, host));
        MakeHost(host, [_ports.Hub, .. _others.Select(other => other.Hub)]);
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
        UntilAsync($"{name} to stand still", () => Task.FromResult(StandsStill(name)));

    /// <summary>Asks it to stop, as its operator does.</summary>
    public void Terminate(string name) => Signal(_running[name].Id, "TERM");

    public void Stop(string name) => Signal(_running[name].Id, "STOP");

    public void Continue(string name) => Signal(_running[name].Id, "CONT");

    /// <summary>Waits until the coordinator serves and every host that runs, and does not stand still, is connected.</summary>
    public async Task ReadyAsync()
    {
        await UntilAsync("the coordinator to serve", async () =>
        {
            MustLive("coordinator");
            return (await Client.HealthAsync()).Status == "ok";
        });
        foreach (var host in Hosts.Where(host => _running.TryGetValue(host, out var agent) && !agent.HasExited && !StandsStill(host)))
        {
            await UntilAsync($"{host} to connect", async () =>
            {
                MustLive(host);
                return (await Client.HostAsync(host)).Status.Phase is "Ready" or "Draining" or "Empty";
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
    public string Logs() => string.Join("\n", _running.Values.Select(process => process.Log).Distinct().Select(log => $"--- {log}:\n{string.Join('\n', File.ReadLines(log).TakeLast(25))}"));

    /// <summary>Waits until a process has said so in its log.</summary>
    public Task SaysAsync(string name, string words) =>
        UntilAsync($"{name} to say '{words}'", () => Task.FromResult(File.ReadLines(_running[name].Log).Any(line => line.Contains(words, StringComparison.Ordinal))));

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

    private bool StandsStill(string name) => File.ReadAllText($"/proc/{_running[name].Id}/stat").Split(") ")[1][0] == 'T';

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

    private static string NodeOf(int number) => $"node-{number}";

    private (int Http, int Hub) PortsOf(int number) => number == 1 ? _ports : _others[number - 2];

    private IEnumerable<(string, string)> StoreSettings() => _store is null
        ? [("Coordinator__Sqlite__Path", In("coordinator.db"))]
        : [("Coordinator__Store", "postgres"), ("Coordinator__Postgres__Connection", _store.ConnectionString()), .. BusSettings()];

    private IEnumerable<(string, string)> BusSettings()
    {
        if (_broker is null) return [("Coordinator__Bus", _others.Count > 0 ? "postgres" : "inprocess")];
        File.WriteAllText(In("broker.password"), _broker.Password);
        return
        [
            ("Coordinator__Bus", "rabbitmq"), ("Coordinator__RabbitMq__Endpoints", $"amqp://127.0.0.1:{_broker.Port()}"),
            ("Coordinator__RabbitMq__User", RabbitMqServer.User), ("Coordinator__RabbitMq__PasswordFile", In("broker.password")),
        ];
    }

    /// <summary>Runs the coordinator's program with a verb, on this cluster's store.</summary>
    public (int ExitCode, string Output) CoordinatorDoes(params string[] arguments)
    {
        var log = In("verb.log");
        File.Delete(log);
        using var verb = ChildProcess.Start("verb", log, [BuiltPrograms.Dotnet, BuiltPrograms.Coordinator, .. arguments], [.. StoreSettings()]);
        while (!verb.HasExited) Thread.Sleep(5);
        return (verb.ExitCode, File.ReadAllText(log));
    }

    /// <summary>The disk with the embedded store is gone.</summary>
    public void LoseStore()
    {
        foreach (var file in System.IO.Directory.GetFiles(Directory, "coordinator.db*")) File.Delete(file);
    }

    // As its operator does, before the first start.
    private void Migrate()
    {
        var (exit, words) = Schema("migrate");
        Assert.True(exit == 0, words);
    }

    /// <summary>Runs <c>coordinator schema</c> as the database's owner does. Its exit code and last line.</summary>
    public (int ExitCode, string Words) Schema(string verb)
    {
        using var schema = ChildProcess.Start("schema", In("schema.log"), [BuiltPrograms.Dotnet, BuiltPrograms.Coordinator, "schema", verb], [.. StoreSettings()]);
        while (!schema.HasExited) Thread.Sleep(5);
        return (schema.ExitCode, schema.LastLine());
    }

    private void MakeHost(string host, IEnumerable<int> hubs)
    {
        _peerPorts[host] = FreePort.Find();
        File.WriteAllText(In(host + ".json"), JsonSerializer.Serialize(new
        {
            Dir = In(host),
            Host = host,
            Coordinators = hubs.Select(port => $"wss://127.0.0.1:{port}"),
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

    /// <summary>A new authority, trusted beside the one before until <see cref="TrustOnly"/>.</summary>
    public PemCertificate AddAuthority()
    {
        var now = DateTimeOffset.UtcNow;
        var root = CertificateAuthority.Create("cluster under test", now.AddMinutes(-5), now.AddDays(1));
        Put("ca.pem", (File.Exists(In("ca.pem")) ? File.ReadAllText(In("ca.pem")) : "") + root.Certificate);
        return root;
    }

    /// <summary>For <see cref="UseOldCertificate"/>.</summary>
    public void KeepOldCertificate(string name) => CopyCertificate(name, name + ".old");

    public void UseOldCertificate(string name)
    {
        CopyCertificate(name, name + ".renewed");
        CopyCertificate(name + ".old", name);
    }

    public void UseNewCertificate(string name) => CopyCertificate(name + ".renewed", name);

    private void CopyCertificate(string from, string to)
    {
        foreach (var kind in (string[])[".key", ".pem"]) Put(to + kind, File.ReadAllText(In(from + kind)));
    }

    public void TrustOnly(PemCertificate root) => Put("ca.pem", root.Certificate);

    // Whole at any moment, as `lm certs renew` does it.
    private void Put(string name, string text)
    {
        File.WriteAllText(In(name + ".new"), text);
        File.SetUnixFileMode(In(name + ".new"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.Move(In(name + ".new"), In(name), overwrite: true);
    }

    private void MakeCertificates() => IssueCertificates(AddAuthority());

    /// <summary>New certificates and keys for everyone, by this authority.</summary>
    public void IssueCertificates(PemCertificate root)
    {
        _authority = root;
        for (var number = 1; number <= _others.Count + 1; number++) IssueCertificate(root, Coordinator(number), PeerIdentity.OfCoordinator(NodeOf(number)));
        foreach (var host in Hosts) IssueCertificate(root, host, new PeerIdentity(PeerRole.Host, host));
    }

    private void IssueCertificate(PemCertificate root, string name, PeerIdentity identity)
    {
        var now = DateTimeOffset.UtcNow;
        var pem = CertificateAuthority.Issue(root, identity, ["127.0.0.1", "localhost"], now.AddMinutes(-5), now.AddDays(1));
        Put(name + ".key", pem.Key);
        Put(name + ".pem", pem.Certificate);
    }

    private static void Signal(int process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}
