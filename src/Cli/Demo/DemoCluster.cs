using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coordinator.Shared.Security;

namespace Cli.Demo;

/// <summary>Coordinators and agents as real processes, in a directory that is removed at the end.</summary>
internal sealed class DemoCluster : IDisposable
{
    private const long HostMemory = 2L << 30;

    private readonly ProgramFiles _programs;
    private readonly bool _qemu;
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly IReadOnlyList<(int Http, int Hub)> _ports;
    private readonly Dictionary<string, int> _peerPorts;
    private readonly (string, string)[] _store;

    /// <param name="hosts">Names of the agents.</param>
    /// <param name="coordinators">How many; more than one need a store they share.</param>
    /// <param name="store">Settings of that store; null for a file of its own.</param>
    public DemoCluster(ProgramFiles programs, bool qemu, IReadOnlyList<string> hosts, int coordinators = 1, (string, string)[]? store = null)
    {
        _programs = programs;
        _qemu = qemu;
        Hosts = hosts;
        _ports = [.. Enumerable.Range(0, coordinators).Select(_ => (FreePort.Find(), FreePort.Find()))];
        _peerPorts = hosts.ToDictionary(host => host, _ => FreePort.Find());
        _store = store ?? [("Coordinator__Sqlite__Path", File("coordinator.db"))];
        Processes = new OwnProcesses(Directory);
        MakeCertificates();
    }

    // Short: a UNIX socket's path has at most 107 bytes, and guests have theirs below.
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lm-demo-").FullName;

    public OwnProcesses Processes { get; }

    public IReadOnlyList<string> Hosts { get; }

    public Uri Server => ServerOf(1);

    /// <summary>Set when something failed: logs are kept then.</summary>
    public bool KeepFiles { get; set; }

    /// <summary>Name of a coordinator, from 1: of its process and in the cluster.</summary>
    public static string Node(int number) => $"node-{number}";

    public Uri ServerOf(int number) => new($"http://127.0.0.1:{_ports[number - 1].Http}");

    /// <param name="number">From 1.</param>
    public ChildProcess StartCoordinator(int number = 1)
    {
        var (name, (http, hub)) = (Node(number), _ports[number - 1]);
        (string, string)[] settings =
        [
            ("Coordinator__Node", name), .. _store, ("Coordinator__Http__Port", $"{http}"), ("Coordinator__Hub__Port", $"{hub}"),
            ("Coordinator__Tls__Certificate", File(name + ".pem")), ("Coordinator__Tls__Key", File(name + ".key")), ("Coordinator__Tls__CaBundle", File("ca.pem")),
        ];
        // The directory stands in the command line, so that a stray one can be found by it.
        return Start(name, [_programs.Dotnet, _programs.Coordinator, "--ReadyFile", File(name + ".ready.json")], settings);
    }

    /// <summary>Makes the tables of a shared store, as its owner does once.</summary>
    /// <exception cref="CliException">They could not be made.</exception>
    public void Migrate() => Wait("schema", [_programs.Coordinator, "schema", "migrate"], _store, "the tables could not be made");

    public ChildProcess StartAgent(string host)
    {
        var config = File(host + ".json");
        if (!System.IO.File.Exists(config))
        {
            WriteConfig(host, config);
            Initialise(host);
        }

        return Start(host, [_programs.Dotnet, _programs.Agent, "run", "--config", config], []);
    }

    public ChildProcess Running(string name) => _running[name];

    /// <summary>Ends everything that was started, the guests too, whatever state it is in.</summary>
    public void Dispose()
    {
        foreach (var process in _running.Values) process.Dispose();
        Processes.KillAll();
        if (KeepFiles)
        {
            Console.Error.WriteLine($"logs are kept in {Directory}");
            return;
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private string File(string name) => Path.Combine(Directory, name);

    private ChildProcess Start(string name, string[] command, (string, string)[] environment)
    {
        if (_running.Remove(name, out var former)) former.Dispose();
        return _running[name] = ChildProcess.Start(name, File(name + ".log"), command, environment);
    }

    private void Initialise(string host) => Wait(host, [_programs.Agent, "init", "--dir", File(host), "--host", host], [], $"the journal of {host} could not be made");

    private void Wait(string name, string[] command, (string, string)[] environment, string failed)
    {
        using var made = ChildProcess.Start(name, File(name + ".log"), [_programs.Dotnet, .. command], environment);
        while (!made.HasExited) Thread.Sleep(5);
        if (made.ExitCode != 0) throw new CliException(ExitCodes.Failed, $"{failed}: {made.LastLine()}");
    }

    private void WriteConfig(string host, string path)
    {
        var config = new JsonObject
        {
            ["Dir"] = File(host), ["Host"] = host, ["Coordinators"] = new JsonArray([.. _ports.Select(port => JsonValue.Create($"wss://127.0.0.1:{port.Hub}"))]), ["Address"] = "127.0.0.1", ["PeerPort"] = _peerPorts[host],
            ["Certificates"] = new JsonObject { ["Certificate"] = File(host + ".pem"), ["Key"] = File(host + ".key"), ["CaBundle"] = File("ca.pem") },
            ["Memory"] = HostMemory, ["Cpus"] = 4, ["Drivers"] = new JsonArray(_qemu ? "qemu" : "native"), ["HolderPath"] = _programs.GuestHolder,
        };
        System.IO.File.WriteAllText(path, config.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));
    }

    private void MakeCertificates()
    {
        var now = DateTimeOffset.UtcNow;
        var root = CertificateAuthority.Create("lm demo", now.AddMinutes(-5), now.AddDays(1));
        System.IO.File.WriteAllText(File("ca.pem"), root.Certificate);
        for (var number = 1; number <= _ports.Count; number++) Write(Node(number), PeerIdentity.OfCoordinator(Node(number)));
        foreach (var host in Hosts) Write(host, new PeerIdentity(PeerRole.Host, host));

        void Write(string file, PeerIdentity identity)
        {
            var pem = CertificateAuthority.Issue(root, identity, ["127.0.0.1", "localhost"], now.AddMinutes(-5), now.AddDays(1));
            System.IO.File.WriteAllText(File(file + ".pem"), pem.Certificate);
            System.IO.File.WriteAllText(File(file + ".key"), pem.Key);
            System.IO.File.SetUnixFileMode(File(file + ".key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }
}
