using System.Diagnostics;
using System.Globalization;
using Cli.Demo;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Lab.Servers;

namespace Coordinator.Bench.Cluster;

/// <summary>Coordinators as their operator runs them, processes of their own on one database, each with a line to it that can be cut.</summary>
public sealed class ClusterProcesses : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    private readonly string directory;
    private readonly string program;
    private readonly PostgresServer server;
    private readonly string database;
    private readonly List<(int Http, int Hub, LineCutter Line)> places;
    private readonly Process?[] processes;

    /// <param name="directory">Empty; everything of it goes there.</param>
    /// <param name="program"><c>coordinator.dll</c>.</param>
    public ClusterProcesses(string directory, string program, PostgresServer server, int nodes, int handshakesPerSecond)
    {
        (this.directory, this.program, this.server, database, HandshakesPerSecond) = (directory, program, server, server.NewName(), handshakesPerSecond);
        server.Run($"create database {database}");
        new SchemaMigrator(ConnectionString, "bench").Migrate(SchemaMigrator.Newest, Shards.CountDefault);
        places = [.. Enumerable.Range(0, nodes).Select(_ => (FreePort.Find(), FreePort.Find(), new LineCutter(server.Port)))];
        processes = new Process?[nodes];
        Certify();
        for (var i = 0; i < nodes; i++) Start(i);
        for (var i = 0; i < nodes; i++) AwaitServing(i);
    }

    public int Count => places.Count;

    public int HandshakesPerSecond { get; }

    /// <summary>Root of all certificates here.</summary>
    public PemCertificate Root { get; } = CertificateAuthority.Create("bench", DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddDays(1));

    public string ConnectionString => server.ConnectionString(database);

    public IReadOnlyList<Uri> Hubs => [.. places.Select(place => new Uri($"wss://127.0.0.1:{place.Hub}/hub"))];

    public Uri Http(int node) => new($"http://127.0.0.1:{places[node].Http}");

    public static string NameOf(int node) => $"node-{node + 1}";

    public int ProcessId(int node) => processes[node]!.Id;

    /// <summary>The end of each log, for whoever must find out what went wrong.</summary>
    public string LastWords() => string.Join('\n', Enumerable.Range(0, Count).SelectMany(node => File.ReadLines(Log(node)).TakeLast(15).Prepend($"--- {NameOf(node)}")));

    /// <exception cref="InvalidOperationException">One has ended that nobody killed.</exception>
    public void MustLive(params IEnumerable<int> nodes)
    {
        foreach (var node in nodes.Where(node => processes[node]!.HasExited))
            throw new InvalidOperationException($"{NameOf(node)} ended with code {processes[node]!.ExitCode}: {string.Join('\n', File.ReadLines(Log(node)).TakeLast(10))}");
    }

    /// <summary>What it has said so far in all its lives.</summary>
    public int LinesWith(int node, string words) => File.ReadLines(Log(node)).Count(line => line.Contains(words, StringComparison.Ordinal));

    public void Start(int node)
    {
        processes[node]?.Dispose();
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = directory };
        foreach (var word in new[] { "-c", "exec dotnet \"$0\" >>\"$1\" 2>&1 </dev/null", program, Log(node) }) start.ArgumentList.Add(word);
        var (http, hub, line) = places[node];
        foreach (var (name, value) in new (string, string)[]
        {
            ("Node", NameOf(node)), ("Store", "postgres"), ("Bus", "postgres"), ("Postgres__Connection", ConnectionString.Replace($"Port={server.Port}", $"Port={line.Port}", StringComparison.Ordinal)),
            ("Http__Port", Text(http)), ("Hub__Port", Text(hub)), ("Hub__HandshakesPerSecond", Text(HandshakesPerSecond)), ("ReadyFile", In($"{NameOf(node)}.ready")),
            ("Tls__Certificate", In($"{NameOf(node)}.pem")), ("Tls__Key", In($"{NameOf(node)}.key")), ("Tls__CaBundle", In("ca.pem")),
        })
        {
            start.Environment["Coordinator__" + name] = value;
        }

        File.Delete(In($"{NameOf(node)}.ready"));
        processes[node] = Process.Start(start)!;
    }

    public void AwaitServing(int node)
    {
        for (var clock = Stopwatch.StartNew(); !File.Exists(In($"{NameOf(node)}.ready")); Thread.Sleep(10))
        {
            MustLive(node);
            if (clock.Elapsed > Patience) throw new InvalidOperationException($"{NameOf(node)} did not serve within {Patience.TotalSeconds:0} s");
        }
    }

    /// <summary>kill -9, and sees it dead.</summary>
    public void Kill(int node)
    {
        processes[node]!.Kill();
        processes[node]!.WaitForExit();
    }

    public void Stop(int node) => Signal(node, "STOP");

    public void Continue(int node) => Signal(node, "CONT");

    /// <summary>Its line to the database carries nothing any more, and nobody is told.</summary>
    public void Cut(int node) => places[node].Line.Cut();

    public void Heal(int node) => places[node].Line.Heal();

    public void Dispose()
    {
        foreach (var process in processes.OfType<Process>())
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }

        foreach (var place in places) place.Line.Dispose();
        server.Run($"drop database {database} with (force)");
    }

    private void Signal(int node, string name)
    {
        using var kill = Process.Start("kill", ["-" + name, Text(ProcessId(node))]);
        kill.WaitForExit();
    }

    private void Certify()
    {
        var now = DateTimeOffset.UtcNow;
        File.WriteAllText(In("ca.pem"), Root.Certificate);
        for (var i = 0; i < Count; i++)
        {
            var own = CertificateAuthority.Issue(Root, PeerIdentity.OfCoordinator(NameOf(i)), ["127.0.0.1"], now.AddMinutes(-5), now.AddDays(1));
            File.WriteAllText(In($"{NameOf(i)}.pem"), own.Certificate);
            File.WriteAllText(In($"{NameOf(i)}.key"), own.Key);
            File.SetUnixFileMode(In($"{NameOf(i)}.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    private string Log(int node) => In($"{NameOf(node)}.log");

    private string In(string name) => Path.Combine(directory, name);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
