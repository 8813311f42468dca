using System.Diagnostics;
using System.Runtime.InteropServices;
using Coordinator.Application.Events;
using Coordinator.Application.Machine;
using Coordinator.Application.Store;

namespace Coordinator.Bench;

/// <summary>Every guest is moved again as soon as its migration is closed: the most a rig can do.</summary>
public static class ClosedLoop
{
    /// <param name="cpuSeconds">Processor time used so far by all that takes part; by default, of this process.</param>
    /// <returns>What happened in <paramref name="time"/>, after a third of it to settle.</returns>
    public static Throughput Run(ControlRig rig, TimeSpan time, Func<double>? cpuSeconds = null)
    {
        cpuSeconds ??= () => CpuOf.Tree(Environment.ProcessId);
        var turns = new int[rig.Vms.Count];
        // One a seat: a migration is asked for, answered and closed on the thread of the same node.
        var byStream = rig.Nodes.Select(_ => new Dictionary<string, int>()).ToList();
        var over = false;
        void Next(int vm) => rig.Migrate(vm, ++turns[vm], result =>
        {
            if (Volatile.Read(ref over)) return;
            if (result.Refusal is { } refusal) throw new InvalidOperationException(refusal.Detail);
            byStream[rig.SeatOf(vm)][result.Stream] = vm;
        });
        rig.OnClosed((seat, id) =>
        {
            if (byStream[seat].Remove(id.StreamKey, out var vm)) Next(vm);
        });
        for (var vm = 0; vm < rig.Vms.Count; vm++) Next(vm);
        Thread.Sleep(time / 3);
        var (cpu, events, finished, commits, appending, clock) = (cpuSeconds(), rig.Events, rig.Finished, rig.Batches, rig.Appending, Stopwatch.StartNew());
        Thread.Sleep(time);
        var seconds = clock.Elapsed.TotalSeconds;
        var result = new Throughput(seconds, cpuSeconds() - cpu, rig.Events - events, rig.Finished - finished, rig.Batches - commits, (rig.Appending - appending).TotalSeconds);
        Volatile.Write(ref over, true);
        rig.OnClosed((_, _) => { });
        return result;
    }

    /// <summary>Every committed event read, decoded and folded.</summary>
    public static (long Events, double Seconds) Replay(IEventStore store)
    {
        var states = new Dictionary<string, object>();
        var position = StorePosition.Start;
        long n = 0;
        var clock = Stopwatch.StartNew();
        while (store.Scan(position, 10_000, Fold) is { Count: > 0 } page)
        {
            n += page.Count;
            position = page.Position;
        }

        return (n, clock.Elapsed.TotalSeconds);

        void Fold(ScannedEvent e)
        {
            ref var state = ref CollectionsMarshal.GetValueRefOrAddDefault(states, e.Stream, out _);
            state = StreamFolding.Evolve(state ?? StreamFolding.Initial(e.Stream), EventCatalog.Read(e.Type, e.SchemaVersion, e.Body), e.Version, e.At);
        }
    }
}
