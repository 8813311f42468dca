using System.Diagnostics;
using Coordinator.Shared.Identity;
using Lab.Servers;
using Npgsql;

namespace Coordinator.Bench.Cluster;

/// <summary>
/// Three coordinator processes under load, hosts over real links; one coordinator after the other is killed, cut off from the database or stopped, and the database itself
/// is killed. How long until somebody decides for the victim's shards, and whether anything was lost or done twice.
/// </summary>
public sealed class FaultBench(string directory, Results report, PostgresServer server, int kills, int cuts, int stalls, int crashes, int closed)
{
    private const int Nodes = 3;
    private const int Hosts = 24;
    private const int Vms = 96;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Random random = new(1);
    private readonly List<double> killed = [];
    private readonly List<double> cut = [];
    private int refusedZombies;

    public async Task RunAsync(string program)
    {
        using var cluster = new ClusterProcesses(directory, program, server, Nodes, handshakesPerSecond: 50);
        await using var fleet = new AgentFleet(cluster.Root, Hosts, cluster.Hubs, TimeSpan.FromMilliseconds(400));
        fleet.Start();
        Until("hosts to connect", () => fleet.Connected == Hosts);
        if (closed > 0) await GrowOldAsync(cluster);
        using var load = new MigrationLoad(cluster, Hosts, Vms);
        await load.BeginAsync();
        Until("migrations to run", () => load.Finished > Vms);
        for (var i = 0; i < kills; i++) Fault(cluster, "killed", cluster.Kill, node => { cluster.Start(node); cluster.AwaitServing(node); }, killed);
        for (var i = 0; i < cuts; i++) Fault(cluster, "cut off", cluster.Cut, cluster.Heal, cut);
        for (var i = 0; i < stalls; i++) Stall(cluster);
        for (var i = 0; i < crashes; i++) Crash(TimeSpan.FromSeconds(i == 0 ? 60 : 2));
        var (finished, open) = (load.Finished, load.Open);
        await load.EndAsync();
        Judge(cluster, fleet, load, finished, open);
    }

    // A store with that many closed migrations.
    private async Task GrowOldAsync(ClusterProcesses cluster)
    {
        using (var first = new MigrationLoad(cluster, Hosts, 4) { Cancels = true })
        {
            await first.BeginAsync();
            Until("the first migrations to close", () => first.Finished >= 4);
            await first.EndAsync();
        }

        for (var node = 0; node < Nodes; node++) cluster.Kill(node);
        var clock = Stopwatch.StartNew();
        var events = ClosedMigrations.Fill(cluster.ConnectionString, closed);
        report.Note($"{closed} closed migrations, {events} events, written in {clock.Elapsed.TotalSeconds:0} s");
        clock.Restart();
        for (var node = 0; node < Nodes; node++) cluster.Start(node);
        for (var node = 0; node < Nodes; node++) cluster.AwaitServing(node);
        report.Note($"{Nodes} coordinators that know none of them yet serve after {clock.Elapsed.TotalSeconds:0} s");
    }

    private void Fault(ClusterProcesses cluster, string what, Action<int> strike, Action<int> mend, List<double> times)
    {
        AwaitBalance();
        var victim = random.Next(Nodes);
        Thread.Sleep(random.Next(1_000)); // any moment of the victim's life
        using var watch = new TakeoverWatch(cluster.ConnectionString, ClusterProcesses.NameOf(victim));
        var struck = Stopwatch.GetTimestamp();
        strike(victim);
        watch.Begin();
        Until($"the shards of {ClusterProcesses.NameOf(victim)}, {what}, to be decided for", watch.HasDecided);
        times.Add(Stopwatch.GetElapsedTime(struck).TotalSeconds);
        Until($"all shards of {ClusterProcesses.NameOf(victim)}, {what}, to have another owner", watch.HasAll);
        report.Note($"{what} {times.Count}: {watch.Shards} shards, next decision after {times[^1]:0.000} s, all taken after {Stopwatch.GetElapsedTime(struck).TotalSeconds:0.000} s");
        mend(victim);

        void AwaitBalance() => Until("every coordinator to have shards", () =>
        {
            cluster.MustLive(Enumerable.Range(0, Nodes));
            return TakeoverWatch.Owners(cluster.ConnectionString) == Nodes;
        }, cluster.LastWords);
    }

    private void Stall(ClusterProcesses cluster)
    {
        var before = Enumerable.Range(0, Nodes).Sum(Refused);
        var pause = TimeSpan.FromSeconds(5 + random.Next(8));
        List<double> ignored = [];
        Fault(cluster, "stopped", cluster.Stop, node => { Thread.Sleep(pause); cluster.Continue(node); }, ignored);
        Until("the one that was stopped to see that it has lost its shards", () => Enumerable.Range(0, Nodes).Sum(Refused) > before);
        refusedZombies++;

        int Refused(int node) => cluster.LinesWith(node, "have another owner") + cluster.LinesWith(node, "another node owns");
    }

    private void Crash(TimeSpan down)
    {
        server.Crash();
        Thread.Sleep(down);
        server.StartAgain();
        report.Note($"database killed, back after {down.TotalSeconds:0} s");
    }

    private void Judge(ClusterProcesses cluster, AgentFleet fleet, MigrationLoad load, long finished, int open)
    {
        var (lost, doubled, events) = LogAudit.Of(cluster.ConnectionString, load.Accepted.Keys, fleet.Acknowledged);
        var faults = new Dictionary<string, int> { ["coordinator killed"] = kills, ["coordinator cut off from the database"] = cuts, ["coordinator stopped"] = stalls, ["database killed"] = crashes };
        report.Note($"{load.Accepted.Count} migrations beside {closed} closed ones, {finished} finished and {open} open when the faults ended, {events} events, {fleet.Orders} orders obeyed; {refusedZombies} of {stalls} stopped coordinators woke up and were refused");
        if (killed.Count > 0) report.Worst("takeover-kill-seconds-max", killed, "s", "kill -9 of the owner, until the next decision for its shards is durable", faults);
        if (cut.Count > 0) report.Worst("takeover-cut-seconds-max", cut, "s", "owner's line to the database cut, until the next decision for its shards is durable", faults);
        report.Safety("lost-events", lost, load.Accepted.Count, faults);
        report.Safety("doubled-effects", doubled + fleet.Doubled, fleet.Orders, faults);
    }

    private static void Until(string what, Func<bool> holds, Func<string>? more = null)
    {
        for (var clock = Stopwatch.StartNew(); ; Thread.Sleep(5))
        {
            try
            {
                if (holds()) return;
            }
            catch (NpgsqlException)
            {
                // The database is away: that is one of the faults.
            }

            if (clock.Elapsed > Patience) throw new InvalidOperationException($"waited {Patience.TotalSeconds:0} s for {what}\n{more?.Invoke()}");
        }
    }
}
