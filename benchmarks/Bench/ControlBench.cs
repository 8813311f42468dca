using System.Diagnostics;
using System.Runtime;
using System.Runtime.InteropServices;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;

namespace Coordinator.Bench;

/// <summary>
/// The control plane on SQLite, hosts simulated in process. Every ratio is taken against a limit measured in the same run: the raw
/// batched SQLite loop, the same coordinator with one decision a commit, and an fdatasync append.
/// </summary>
public sealed class ControlBench(string directory, Results report, int repeats, TimeSpan window, string? only)
{
    private const int InFlight = 1_000;
    private const int BatchMax = 2048;

    public void Run()
    {
        if (Wanted("C1") || Wanted("C1-batching") || Wanted("migrations-per-cpu-second")) Rates();
        if (Wanted("C2")) Latency();
        if (Wanted("C3")) Replay();
        if (Wanted("C5-bytes")) report.Ratio("C5-bytes", [.. Repeated(() => new Sample(BytesInFlight()))], "B", "one migration in flight, managed heap", "B");
    }

    private bool Wanted(string id) => only is null || id.StartsWith(only, StringComparison.OrdinalIgnoreCase);

    private IEnumerable<T> Repeated<T>(Func<T> measure)
    {
        for (var i = 0; i < repeats; i++) yield return measure();
    }

    private void Rates()
    {
        WarmUp();
        List<Sample> c1 = [], batching = [], perCpu = [];
        for (var i = 0; i < repeats; i++)
        {
            var before = RawStoreLoop.Run(directory, window);
            var grouped = Throughput(BatchMax, window);
            var after = RawStoreLoop.Run(directory, window);
            var single = Throughput(1, window);
            var raw = (before.EventsPerSecond + after.EventsPerSecond) / 2;
            c1.Add(new Sample(grouped.EventsPerSecond, raw));
            batching.Add(new Sample(grouped.EventsPerSecond, single.EventsPerSecond));
            perCpu.Add(new Sample(grouped.Migrations, grouped.CpuSeconds));
            report.Note($"run {i + 1}: {grouped}; raw loop {raw:0}/s; one decision a commit {single.EventsPerSecond:0}/s");
        }

        report.Ratio("C1", c1, "ratio", "raw batched SQLite loop, same run", "events/s");
        report.Ratio("C1-batching", batching, "ratio", "the same coordinator, one decision a commit", "events/s");
        report.Ratio("migrations-per-cpu-second", perCpu, "1/s", "CPU seconds of the process, load generator included", "migrations; seconds");
    }

    private void Latency()
    {
        if (only is not null) WarmUp();
        var half = Throughput(BatchMax, window).MigrationsPerSecond / 2;
        List<Sample> p50 = [], p99 = [];
        long n = 0;
        for (var i = 0; i < repeats; i++)
        {
            var sync = FdatasyncProbe.Run(directory);
            var latency = Latencies(half);
            p50.Add(new Sample(latency.P50, sync.P50));
            p99.Add(new Sample(latency.P99, sync.P50));
            n += latency.Count;
            report.Note($"run {i + 1}: {half:0} migrations/s asked for, {latency.Count} answered, p50 {latency.P50:0} us, p90 {latency.P90:0} us, p99 {latency.P99:0} us; fdatasync p50 {sync.P50:0} us");
        }

        report.Ratio("C2-p50", p50, "ratio", "fdatasync append p50, same run", "us", n);
        report.Ratio("C2-p99", p99, "ratio", "fdatasync append p50, same run", "us", n);
    }

    private void Replay()
    {
        List<Sample> ratios = [];
        long n = 0;
        using var rig = ControlRig.OnSqlite(directory, InFlight, BatchMax, null, out var path);
        ClosedLoop.Run(rig, window);
        while (rig.CountOpen(s => s is Domain.Migrations.Planned) > 0) Thread.Sleep(50);
        ClosedLoop.Replay(rig.Store); // the compiler's tiers settle
        for (var i = 0; i < repeats; i++)
        {
            var raw = RawStoreLoop.Scan(path);
            var (events, seconds) = ClosedLoop.Replay(rig.Store);
            n += events;
            ratios.Add(new Sample(events / seconds, raw));
            report.Note($"run {i + 1}: {events} events decoded and folded at {events / seconds:0}/s; raw scan {raw:0}/s");
        }

        report.Ratio("C3", ratios, "ratio", "raw scan of the same log, every column fetched", "events/s", n);
    }

    // A node runs for months: what the compiler still has to learn in its first seconds is not what is measured.
    private void WarmUp()
    {
        for (var i = 0; i < 8; i++)
        {
            var compiled = JitInfo.GetCompiledMethodCount();
            Throughput(BatchMax, TimeSpan.FromSeconds(3));
            if (JitInfo.GetCompiledMethodCount() - compiled < 20) return;
        }
    }

    private Throughput Throughput(int batchMax, TimeSpan time)
    {
        using var rig = ControlRig.OnSqlite(directory, InFlight, batchMax);
        return ClosedLoop.Run(rig, time);
    }

    // Open loop: requests at a fixed rate whatever the answers do; latency counts from the intended arrival.
    private Latency Latencies(double perSecond)
    {
        using var rig = ControlRig.OnSqlite(directory, InFlight, 512);
        var samples = new List<double>();
        var gate = new object();
        var free = new Queue<int>(Enumerable.Range(0, InFlight));
        var turns = new int[InFlight];
        var byStream = new Dictionary<string, int>();
        rig.OnClosed((_, id) =>
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
            Wait(intended);
            int vm;
            lock (gate)
            {
                if (!free.TryDequeue(out vm)) continue;
            }

            rig.Migrate(vm, ++turns[vm], result =>
            {
                lock (gate)
                {
                    samples.Add(Stopwatch.GetElapsedTime(intended).TotalMicroseconds);
                    if (result.Refusal is null) byStream[result.Stream] = vm;
                    else free.Enqueue(vm);
                }
            });
        }

        Thread.Sleep(200);
        lock (gate) return Bench.Latency.Of(samples);
    }

    // A generator that spins would take one of the machine's cores from what it measures; what it oversleeps counts against the product.
    private static void Wait(long until)
    {
        while (Stopwatch.GetTimestamp() is var now && now < until)
        {
            var left = new TimeSpec(0, (long)Stopwatch.GetElapsedTime(now, until).TotalNanoseconds);
            _ = NanoSleep(in left, 0);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(long Seconds, long Nanoseconds);

    [DllImport("libc", EntryPoint = "nanosleep")]
    private static extern int NanoSleep(in TimeSpec time, nint left);

    // Heap growth while 20,000 migrations stand in pre-copy.
    private double BytesInFlight()
    {
        const int count = 20_000;
        using var rig = ControlRig.OnSqlite(directory, count, 512, stopAt: typeof(MigrateOut));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        for (var vm = 0; vm < count; vm++) rig.Migrate(vm, 1, _ => { });
        while (rig.CountOpen(s => s is Domain.Migrations.PreCopying) < count) Thread.Sleep(100);
        return (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)count;
    }
}
