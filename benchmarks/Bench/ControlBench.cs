using System.Diagnostics;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;

namespace Coordinator.Bench;

/// <summary>
/// The control plane on SQLite, hosts simulated in process. Every ratio is taken against a limit measured in the same run: the raw
/// batched SQLite loop, the same coordinator with one decision a commit, and an fdatasync append.
/// </summary>
public sealed class ControlBench(string directory, Results report, int repeats, TimeSpan window)
{
    private const int InFlight = 1_000;

    public void Run()
    {
        List<double> c1 = [], batching = [], p50 = [], p99 = [], replay = [], perCpu = [];
        List<(double, double)> rates = [];
        for (var i = 0; i < repeats; i++)
        {
            var before = RawStoreLoop.Run(directory, window);
            var grouped = Throughput(512, window);
            var after = RawStoreLoop.Run(directory, window);
            var single = Throughput(1, window);
            var raw = (before.EventsPerSecond + after.EventsPerSecond) / 2;
            c1.Add(grouped.EventsPerSecond / raw);
            rates.Add((grouped.EventsPerSecond, raw));
            batching.Add(grouped.EventsPerSecond / single.EventsPerSecond);
            perCpu.Add(grouped.MigrationsPerCpuSecond);
            replay.Add(grouped.ReplayedPerSecond / ((before.ScannedPerSecond + after.ScannedPerSecond) / 2));
            var sync = FdatasyncProbe.Run(directory);
            var latency = Latencies(grouped.MigrationsPerSecond / 2);
            p50.Add((latency.P50 - 0) / sync.P50);
            p99.Add(latency.P99 / sync.P50);
            report.Note($"run {i + 1}: {grouped.EventsPerSecond:0} events/s ({grouped.EventsPerMigration:0.0} a migration, {grouped.MigrationsPerSecond:0} migrations/s), raw {raw:0}/s, one a commit {single.EventsPerSecond:0}/s, "
                + $"latency p50 {latency.P50:0.00} p99 {latency.P99:0.00} ms, fdatasync p50 {sync.P50:0.000} ms, replay {grouped.ReplayedPerSecond:0}/s of scan {before.ScannedPerSecond:0}/s");
        }

        report.Ratio("C1", c1, "ratio", "raw batched SQLite loop, events/s", rates[^1].Item1, rates[^1].Item2, "events/s");
        report.Ratio("C1-batching", batching, "ratio", "the same coordinator, one decision a commit", 0, 0, "events/s");
        report.Ratio("C2-p50", p50, "ratio", "fdatasync append p50", 0, 0, "ms");
        report.Ratio("C2-p99", p99, "ratio", "fdatasync append p50", 0, 0, "ms");
        report.Ratio("C3", replay, "ratio", "raw scan of the loop's rows", 0, 0, "events/s");
        report.Ratio("migrations-per-cpu-second", perCpu, "1/s", "none", 0, 0, "migrations");
        report.Ratio("C5-bytes", [BytesInFlight()], "B", "managed heap of one migration in flight", 0, 0, "B");
    }

    private Throughput Throughput(int batchMax, TimeSpan time)
    {
        using var rig = new ControlRig(directory, InFlight, batchMax);
        var turns = new int[InFlight];
        var byStream = new Dictionary<string, int>();
        void Next(int vm) => rig.Migrate(vm, ++turns[vm], result =>
        {
            if (result.Refusal is { } refusal) throw new InvalidOperationException(refusal.Detail);
            byStream[result.Stream] = vm;
        });
        rig.OnClosed(id =>
        {
            if (byStream.Remove(id.StreamKey, out var vm)) Next(vm);
        });
        for (var vm = 0; vm < InFlight; vm++) Next(vm);
        Thread.Sleep(time / 3);
        var process = Process.GetCurrentProcess();
        var (cpu, events, finished, clock) = (process.TotalProcessorTime, rig.Events, rig.Finished, Stopwatch.StartNew());
        Thread.Sleep(time);
        var seconds = clock.Elapsed.TotalSeconds;
        process.Refresh();
        var spent = (process.TotalProcessorTime - cpu).TotalSeconds;
        var (moreEvents, moreFinished) = (rig.Events - events, rig.Finished - finished);
        rig.OnClosed(_ => { });
        return new Throughput(moreEvents / seconds, moreFinished / seconds, moreFinished / spent, (double)moreEvents / moreFinished, batchMax == 1 ? 0 : Replay(rig.Store));
    }

    // Replay: every committed event decoded and folded, against a scan of the raw loop's rows in the same run.
    private static double Replay(IEventStore store)
    {
        var states = new Dictionary<string, object>();
        var position = StorePosition.Start;
        long n = 0;
        var clock = Stopwatch.StartNew();
        while (store.ReadAll(position, 10_000) is { Count: > 0 } page && clock.Elapsed < TimeSpan.FromSeconds(5))
        {
            foreach (var e in page)
            {
                var state = states.GetValueOrDefault(e.Stream) ?? StreamFolding.Initial(e.Stream);
                states[e.Stream] = StreamFolding.Evolve(state, EventCatalog.Read(e.Type, e.SchemaVersion, e.Body.Span), e.Version, e.At);
                n++;
            }

            position = page[^1].Position;
        }

        return n / clock.Elapsed.TotalSeconds;
    }

    // Open loop: requests at a fixed rate whatever the answers do; latency counts from the intended arrival.
    private Latency Latencies(double perSecond)
    {
        using var rig = new ControlRig(directory, InFlight, 512);
        var samples = new List<double>();
        var gate = new object();
        var free = new Queue<int>(Enumerable.Range(0, InFlight));
        var turns = new int[InFlight];
        var byStream = new Dictionary<string, int>();
        rig.OnClosed(id =>
        {
            lock (gate)
            {
                if (byStream.Remove(id.StreamKey, out var vm)) free.Enqueue(vm);
            }
        });
        var began = Stopwatch.GetTimestamp();
        for (long n = 0; Stopwatch.GetElapsedTime(began) < window; n++)
        {
            var intended = began + (long)(n / perSecond * Stopwatch.Frequency);
            while (Stopwatch.GetTimestamp() < intended) Thread.SpinWait(20);
            int vm;
            lock (gate)
            {
                if (!free.TryDequeue(out vm)) continue;
            }

            rig.Migrate(vm, ++turns[vm], result =>
            {
                lock (gate)
                {
                    samples.Add(Stopwatch.GetElapsedTime(intended).TotalMilliseconds);
                    if (result.Refusal is null) byStream[result.Stream] = vm;
                    else free.Enqueue(vm);
                }
            });
        }

        Thread.Sleep(200);
        lock (gate) return Latency.Of(samples);
    }

    // Heap growth while 20,000 migrations stand in pre-copy.
    private double BytesInFlight()
    {
        const int count = 20_000;
        using var rig = new ControlRig(directory, count, 512, stopAt: typeof(MigrateOut));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var vm = 0; vm < count; vm++) rig.Migrate(vm, 1, _ => { });
        while (rig.Node.Ask(m => m.OpenStreams.Count(s => s.State is Domain.Migrations.PreCopying)).Result < count) Thread.Sleep(100);
        return (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
    }
}

internal sealed record Throughput(double EventsPerSecond, double MigrationsPerSecond, double MigrationsPerCpuSecond, double EventsPerMigration, double ReplayedPerSecond);
