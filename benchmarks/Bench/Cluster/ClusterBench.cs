using System.Diagnostics;
using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Adapters.RabbitMq;
using Coordinator.Application.Bus;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Lab.Servers;

namespace Coordinator.Bench.Cluster;

/// <summary>
/// Coordinators that share a PostgreSQL which was made for this run (fsync and synchronous_commit on), hosts simulated in process. Processor time is that of
/// everything that takes part: nodes, load generator, database.
/// </summary>
public sealed class ClusterBench(string directory, Results report, int repeats, TimeSpan window, string? only) : IDisposable
{
    private const int InFlight = 1_000;
    private const int BatchMax = 2048;
    private readonly PostgresServer server = new("-c", "shared_buffers=256MB", "-c", "max_wal_size=2GB");

    public void Run()
    {
        server.Start();
        if (Wanted("migrations-per-cpu-second-postgres-only")) Rates(0, "postgres-only", "C7-postgres-only");
        if (Wanted("migrations-per-cpu-second-1-broker")) Rates(1, "1-broker", "C7");
        if (Wanted("migrations-per-cpu-second-3-brokers")) Rates(3, "3-brokers", "C7-3-brokers");
        if (Wanted("append-p99-ms")) Append();
        if (Wanted("replay-events-per-second")) Replay();
        if (Wanted("C5")) InFlightCost();
    }

    /// <summary>Real processes, killed.</summary>
    /// <param name="closed">Closed migrations that the store holds from the start.</param>
    public void RunFaults(int kills, int cuts, int stalls, int crashes, int closed)
    {
        server.Start();
        new FaultBench(directory, report, server, kills, cuts, stalls, crashes, closed).RunAsync(BuiltProgram.Coordinator).GetAwaiter().GetResult();
    }

    /// <summary>Real links, very many of them.</summary>
    public void RunAgents(int agents, int handshakesPerSecond)
    {
        server.Start();
        new AgentsBench(directory, report, server, agents, handshakesPerSecond).RunAsync(BuiltProgram.Coordinator).GetAwaiter().GetResult();
    }

    public void Dispose() => server.Dispose();

    private bool Wanted(string id) => only is null || id.StartsWith(only, StringComparison.OrdinalIgnoreCase);

    private void Rates(int brokers, string name, string efficiency)
    {
        using var broker = brokers == 0 ? null : new RabbitMqServer(brokers);
        broker?.Start();
        Throughput(2, broker); // the compiler's tiers settle
        List<Sample> perCpu = [], both = [];
        for (var i = 0; i < repeats; i++)
        {
            var one = Throughput(1, broker);
            var two = Throughput(2, broker);
            perCpu.Add(new Sample(two.Migrations, two.CpuSeconds));
            both.Add(new Sample(1 / two.MigrationsPerCpuSecond, 1 / one.MigrationsPerCpuSecond));
        }

        report.Ratio("migrations-per-cpu-second-" + name, perCpu, "1/s", "two nodes, CPU seconds of nodes, load generator, database and broker", "migrations; seconds");
        report.Ratio(efficiency, both, "ratio", $"CPU seconds a migration of one node, same run, {name}", "s");
    }

    private void Append()
    {
        List<Sample> p99 = [];
        long n = 0;
        for (var i = 0; i < repeats; i++)
        {
            using var rig = Open(1, 64);
            var gate = new object();
            var samples = new List<double>();
            rig.Hosts.OnAcknowledged = took =>
            {
                lock (gate) samples.Add(took.TotalMilliseconds);
            };
            ClosedLoop.Run(rig, window, Cpu);
            lock (gate)
            {
                rig.Hosts.OnAcknowledged = null;
                var latency = Latency.Of(samples);
                n += latency.Count;
                p99.Add(new Sample(latency.P99));
                report.Note($"run {i + 1}: {latency.Count} reports, p50 {latency.P50:0.00} ms, p90 {latency.P90:0.00} ms, p99 {latency.P99:0.00} ms, max {latency.Max:0.0} ms");
            }
        }

        report.Ratio("append-p99-ms", p99, "ms", "a report, from the host's word to its acknowledgement after the commit, 64 migrations in flight", "ms", n);
    }

    private void Replay()
    {
        List<Sample> rates = [];
        long n = 0;
        using var rig = Open(1, InFlight);
        ClosedLoop.Run(rig, window * 3, Cpu);
        while (rig.CountOpen(s => s is Planned) > 0) Thread.Sleep(50);
        ClosedLoop.Replay(rig.Store);
        for (var i = 0; i < repeats; i++)
        {
            var (events, seconds) = ClosedLoop.Replay(rig.Store);
            n += events;
            rates.Add(new Sample(events, seconds));
        }

        report.Ratio("replay-events-per-second", rates, "1/s", "every event read over loopback, decoded and folded", "events; s", n);
    }

    // What a migration that waits costs: memory, and the processor time of asking its host again and again.
    private void InFlightCost()
    {
        const int count = 100_000;
        using var rig = Open(1, count, typeof(MigrateOut));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var vm = 0; vm < count; vm++) rig.Migrate(vm, 1, _ => { });
        while (rig.CountOpen(s => s is PreCopying) < count) Thread.Sleep(200);
        report.Ratio("C5-bytes", [new Sample((GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count)], "B", $"one of {count} migrations in flight in one process, managed heap", "B");
        var (cpu, clock) = (Cpu(), Stopwatch.StartNew());
        Thread.Sleep(TimeSpan.FromSeconds(30));
        report.Ratio("C5-cpu-us", [new Sample((Cpu() - cpu) * 1e6 / count / clock.Elapsed.TotalSeconds)], "us/s", $"one of {count} migrations in flight whose hosts say nothing, nodes and database", "us/s");
    }

    private Throughput Throughput(int nodes, RabbitMqServer? broker)
    {
        using var rig = Open(nodes, InFlight, null, broker);
        var (database, clock) = (CpuOf.Tree(server.ProcessId), Stopwatch.StartNew());
        var result = ClosedLoop.Run(rig, window, () => CpuOf.Tree([Environment.ProcessId, server.ProcessId, .. broker?.ProcessIds ?? []]));
        report.Note($"{nodes} node(s): {result}, of these the database {(CpuOf.Tree(server.ProcessId) - database) / clock.Elapsed.TotalSeconds:0.00}; {result.MigrationsPerCpuSecond:0} migrations a CPU second");
        return result;
    }

    private double Cpu() => CpuOf.Tree(Environment.ProcessId, server.ProcessId);

    private ControlRig Open(int nodes, int vms, Type? stopAt = null, RabbitMqServer? broker = null)
    {
        var database = server.NewName();
        server.Run($"create database {database}");
        var connection = server.ConnectionString(database);
        new SchemaMigrator(connection, "bench").Migrate(SchemaMigrator.Newest, Shared.Identity.Shards.CountDefault);
        var options = new PostgresStoreOptions { ConnectionString = connection };
        var space = broker?.NewHost();
        var seats = Enumerable.Range(1, nodes).Select(i => new Seat(new PostgresStore(options), BusOf(i))).ToList();
        return new ControlRig(seats, vms, BatchMax, stopAt, () => server.Run($"drop database {database} with (force)"));

        IBus BusOf(int number)
        {
            var local = new InProcessBus(1_000_000);
            if (nodes == 1) return local;
            if (broker is null) return new PostgresBus(options, $"node-{number}", local);
            var endpoints = broker.ProcessIds.Select((_, i) => new Uri($"amqp://127.0.0.1:{broker.Port(i + 1)}/{space}"));
            return new RabbitMqBus(new RabbitMqOptions { Endpoints = [.. endpoints], User = RabbitMqServer.User, Password = broker.Password }, $"node-{number}", local, 1_000_000);
        }
    }
}
