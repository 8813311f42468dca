using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Machine;
using Coordinator.Application.Node;
using Coordinator.Domain.Hosts;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Coordinator.Shared.Units;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Bench;

/// <summary>The coordinator as an operator runs it, a process of its own, on a store in which some migrations are under way.</summary>
public sealed class CoordinatorProcess : IDisposable
{
    private const string Node = "bench";
    private static readonly CommandContext Caller = new("bench", "api", null, null, null, null, null, null);
    private static readonly TimeSpan ServesWithin = TimeSpan.FromSeconds(30);

    private readonly Process _process;

    private CoordinatorProcess(Process process, Uri http) => (_process, Http) = (process, http);

    public Uri Http { get; }

    /// <param name="directory">Empty; everything of it goes there.</param>
    /// <param name="program"><c>coordinator.dll</c>.</param>
    /// <param name="open">Made from within before the process is started: no source has answered its order to begin.</param>
    public static CoordinatorProcess Start(string directory, string program, int migrations, out IReadOnlyList<MigrationId> open)
    {
        string In(string name) => Path.Combine(directory, name);
        open = Fill(In("coordinator.db"), migrations);
        Certify(In);
        var start = new ProcessStartInfo("dotnet", [program]) { RedirectStandardOutput = true, WorkingDirectory = directory };
        foreach (var (name, value) in new (string, string)[]
        {
            ("Node", Node), ("Sqlite__Path", In("coordinator.db")), ("Http__Port", "0"), ("Hub__Port", "0"), ("ReadyFile", In("ready.json")),
            ("Tls__Certificate", In("node.pem")), ("Tls__Key", In("node.key")), ("Tls__CaBundle", In("ca.pem")),
        })
        {
            start.Environment["Coordinator__" + name] = value;
        }

        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        return new CoordinatorProcess(process, AwaitServing(process, In("ready.json")));
    }

    /// <summary>SIGTERM, and how long until the process was gone.</summary>
    /// <exception cref="InvalidOperationException">It did not end as it should.</exception>
    public TimeSpan Terminate()
    {
        var clock = Stopwatch.StartNew();
        using (var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])) kill.WaitForExit();
        _process.WaitForExit();
        var took = clock.Elapsed;
        return _process.ExitCode == 0 ? took : throw new InvalidOperationException($"the coordinator ended with code {_process.ExitCode}");
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    private static IReadOnlyList<MigrationId> Fill(string path, int migrations)
    {
        using var store = new SqliteStore(new SqliteStoreOptions { Path = path });
        using var bus = new InProcessBus();
        var machine = new MachineOptions { Node = Node, ShardCount = store.ShardCount, CodeVersion = "bench" };
        using var node = new CoordinatorNode(new NodeOptions { Machine = machine }, store, bus, NullLogger.Instance);
        var (source, destination) = (new HostId("host-a"), new HostId("host-b"));
        using var hosts = new SimulatedHosts([new HostsAt(bus, (shard, report) => node.Post(new MessageArrived(shard, report)))], [source, destination], store.ShardCount, stopAt: typeof(MigrateOut));
        node.Start();
        var facts = new HostFacts(ByteCount.FromMebi(1024L * 1024), 64, "127.0.0.1", 7500, ["native"], []);
        foreach (var host in new[] { source, destination }) Do(node, new AdmitHost(new Admit(host, "journal-" + host, 1, "boot", facts)));

        var ids = new List<MigrationId>();
        for (var i = 0; i < migrations; i++)
        {
            var vm = new VmId($"vm-{i}");
            Do(node, new RegisterVm(vm, new GuestSpec("native", ByteCount.FromMebi(64), 1), source, Adopt: false));
            while (node.Ask(m => m.Find(vm.StreamKey)?.State is not Vm { Power: VmPower.Running }).Result) Thread.Sleep(1);
            ids.Add(MigrationId.Parse(Do(node, new CreateMigration(vm, destination, MigrationPolicy.Default))["migration-".Length..]));
        }

        return ids;
    }

    private static string Do(CoordinatorNode node, Command command)
    {
        var answer = node.Submit(command, Caller).Result;
        return answer.Refusal is { } refusal ? throw new InvalidOperationException(refusal.Detail) : answer.Stream;
    }

    private static void Certify(Func<string, string> file)
    {
        var now = DateTimeOffset.UtcNow;
        var root = CertificateAuthority.Create("bench", now.AddMinutes(-5), now.AddDays(1));
        var own = CertificateAuthority.Issue(root, PeerIdentity.OfCoordinator(Node), ["127.0.0.1"], now.AddMinutes(-5), now.AddDays(1));
        File.WriteAllText(file("ca.pem"), root.Certificate);
        File.WriteAllText(file("node.pem"), own.Certificate);
        File.WriteAllText(file("node.key"), own.Key);
        File.SetUnixFileMode(file("node.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private static Uri AwaitServing(Process process, string readyFile)
    {
        var clock = Stopwatch.StartNew();
        while (!File.Exists(readyFile))
        {
            if (process.HasExited) throw new InvalidOperationException($"the coordinator ended with code {process.ExitCode}");
            if (clock.Elapsed > ServesWithin) throw new InvalidOperationException($"the coordinator did not serve within {ServesWithin.TotalSeconds:0} s");
            Thread.Sleep(5);
        }

        using var json = JsonDocument.Parse(File.ReadAllText(readyFile));
        return new Uri(json.RootElement.GetProperty("http").GetString()!);
    }
}
