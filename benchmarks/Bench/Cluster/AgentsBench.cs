using System.Diagnostics;
using System.Globalization;
using Lab.Servers;

namespace Coordinator.Bench.Cluster;

/// <summary>Very many hosts, each with its own link (WebSocket, mutual TLS), at three coordinators: what they cost when nothing happens, and how long they take to settle after a coordinator died.</summary>
public sealed class AgentsBench(string directory, Results report, PostgresServer server, int agents, int handshakesPerSecond)
{
    private const int Nodes = 3;
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(8);

    public async Task RunAsync(string program)
    {
        using var cluster = new ClusterProcesses(directory, program, server, Nodes, handshakesPerSecond);
        var empty = Enumerable.Range(0, Nodes).Sum(node => Resident(cluster.ProcessId(node)));
        await using var fleet = new AgentFleet(cluster.Root, agents, cluster.Hubs, TimeSpan.Zero) { KeepFacts = false };
        var clock = Stopwatch.StartNew();
        fleet.Start();
        Await(fleet, "to connect");
        cluster.MustLive(Enumerable.Range(0, Nodes));
        report.Note($"{agents} agents connected in {clock.Elapsed.TotalSeconds:0.0} s");

        var used = Enumerable.Range(0, Nodes).Select(node => cluster.ProcessId(node)).ToList();
        Thread.Sleep(Steady / 2); // what connecting left behind is done first
        var (cpu, began) = (CpuOf.Tree(used), Stopwatch.StartNew());
        var database = CpuOf.Tree(server.ProcessId);
        Thread.Sleep(Steady);
        var seconds = began.Elapsed.TotalSeconds;
        cluster.MustLive(Enumerable.Range(0, Nodes));
        report.Ratio("agents-cpu-us", [new Sample((CpuOf.Tree(used) - cpu) * 1e6 / seconds, agents)], "us/s", "coordinators' processor time for one agent that only beats", "us/s; agents");
        report.Ratio("agents-database-cpu-us", [new Sample((CpuOf.Tree(server.ProcessId) - database) * 1e6 / seconds, agents)], "us/s", "the database's, for one such agent", "us/s; agents");
        report.Ratio("agents-memory-bytes", [new Sample(used.Sum(Resident) - empty, agents)], "B", "coordinators' resident memory for one agent", "B; agents");

        clock.Restart();
        cluster.Kill(0);
        Await(fleet, "to settle");
        cluster.MustLive(Enumerable.Range(1, Nodes - 1));
        report.Worst("agents-settle-seconds", [clock.Elapsed.TotalSeconds], "s", $"kill -9 of one of {Nodes} coordinators, until all of {agents} agents are connected again", new Dictionary<string, int> { ["coordinator killed"] = 1 });
    }

    // Links of the dead break before the first of them is made again: nobody is counted twice.
    private void Await(AgentFleet fleet, string what)
    {
        var clock = Stopwatch.StartNew();
        Thread.Sleep(500);
        for (var next = 10; fleet.Connected < agents; Thread.Sleep(50))
        {
            if (clock.Elapsed > Patience) throw new InvalidOperationException($"waited {Patience.TotalMinutes:0} min for {agents} agents {what}: {fleet.Connected} are");
            if (clock.Elapsed.TotalSeconds < next) continue;
            report.Note($"  {next} s: {fleet.Connected} connected");
            next += 10;
        }
    }

    private static double Resident(int process) =>
        double.Parse(File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
}
