using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using Coordinator.Shared.Security;

namespace Cli.Demo;

/// <summary>One coordinator and three agents as real processes, in a directory that is removed at the end.</summary>
internal sealed class DemoCluster : IDisposable
{
    public static readonly string[] Hosts = ["host-a", "host-b", "host-c"];

    private const string Node = "node-1";
    private const long HostMemory = 2L << 30;

    private readonly ProgramFiles _programs;
    private readonly bool _qemu;
    private readonly Dictionary<string, ChildProcess> _running = [];
    private readonly int _httpPort = FreePort.Find();
    private readonly int _hubPort = FreePort.Find();
    private readonly Dictionary<string, int> _peerPorts = Hosts.ToDictionary(host => host, _ => FreePort.Find());

    public DemoCluster(ProgramFiles programs, bool qemu)
    {
        _programs = programs;
        _qemu = qemu;
        Processes = new OwnProcesses(Directory);
        MakeCertificates();
    }

    // Short: a UNIX socket's path has at most 107 bytes, and guests have theirs below.
    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("lm-demo-").FullName;

    public OwnProcesses Processes { get; }

    public Uri Server => new($"http://127.0.0.1:{_httpPort}");

    /// <summary>Set when something failed: logs are kept then.</summary>
    public bool KeepFiles { get; set; }

    public ChildProcess StartCoordinator()
    {
        (string, string)[] settings =
        [
            ("Coordinator__Node", Node), ("Coordinator__Sqlite__Path", File("coordinator.db")),
            ("Coordinator__Http__Port", $"{_httpPort}"), ("Coordinator__Hub__Port", $"{_hubPort}"),
            ("Coordinator__Tls__Certificate", File("coordinator.pem")), ("Coordinator__Tls__Key", File("coordinator.key")), ("Coordinator__Tls__CaBundle", File("ca.pem")),
        ];
        // The directory stands in the command line, so that a stray one can be found by it.
        return Start("coordinator", [_programs.Dotnet, _programs.Coordinator, "--ReadyFile", File("ready.json")], settings);
    }

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

    private void Initialise(string host)
    {
        using var made = ChildProcess.Start(host, File(host + ".log"), [_programs.Dotnet, _programs.Agent, "init", "--dir", File(host), "--host", host], []);
        while (!made.HasExited) Thread.Sleep(5);
        if (made.ExitCode != 0) throw new CliException(ExitCodes.Failed, $"the journal of {host} could not be made: {made.LastLine()}");
    }

    private void WriteConfig(string host, string path)
    {
        var config = new JsonObject
        {
            ["Dir"] = File(host), ["Host"] = host, ["Coordinators"] = new JsonArray($"wss://127.0.0.1:{_hubPort}"), ["Address"] = "127.0.0.1", ["PeerPort"] = _peerPorts[host],
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
        Write("coordinator", PeerIdentity.OfCoordinator(Node));
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
