using System.Globalization;
using Coordinator.Shared.Contracts;
using Engine.Tests.Given;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>
/// Figures of whole migrations over loopback with real guest-holders: both agents in this process, plain TCP, one line a run.
/// <c>measure RUNS MEMORY_MIB WORKING_SET_MIB RATE_MIB TRACKING MAX_BLACKOUT_MS</c>
/// </summary>
internal static class Measure
{
    public static int Run(string[] args)
    {
        if (args.Length != 6)
        {
            Console.Error.WriteLine("usage: measure RUNS MEMORY_MIB WORKING_SET_MIB RATE_MIB cooperative|wpAsync MAX_BLACKOUT_MS");
            return 64;
        }

        var number = args.Select(a => int.TryParse(a, CultureInfo.InvariantCulture, out var n) ? n : 0).ToArray();
        for (var run = 0; run < number[0]; run++) One(number, args[4]).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task One(int[] number, string tracking)
    {
        await using var hosts = new TwoHosts(tracking)
        {
            Spec = TwoHosts.Guest(number[1], number[2], number[3]),
            Policy = new MigrationPolicy { MaxBlackoutMs = number[5] },
        };
        hosts.StartGuest();
        hosts.AwaitFilled();
        hosts.Prepare();
        var cpu = Environment.CpuUsage.TotalTime;
        hosts.StartOutgoing();
        var first = hosts.Source.Events.Next<OutgoingRound>();
        var ready = first.Forecast.Verdict == Coordinator.Shared.Convergence.Verdict.Ready ? first : hosts.UntilReady();
        var done = hosts.StopAndCopy();
        cpu = Environment.CpuUsage.TotalTime - cpu;
        var running = hosts.RunAtDestination();
        var rate = first.Facts.Sent.Value / first.Facts.Duration.TotalSeconds / 1e9;
        var same = hosts.Destination.Status(hosts.Vm).Errors == 0;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"round 1: {first.Facts.Sent} in {first.Facts.Duration.TotalMilliseconds:0} ms = {rate:0.00} GB/s; ready in round {ready.Facts.Round}, forecast {ready.Forecast.ExpectedBlackout.TotalMilliseconds:0.0} ms; " +
            $"source pause {done.Stats.Pause.TotalMilliseconds:0.0} ms, pause to running {(running.At - done.PausedAt).TotalMilliseconds:0.0} ms; sent {done.Stats.Sent}, resent {done.Stats.Resent}; both agents' CPU {cpu.TotalMilliseconds / (done.Stats.Sent.Value / (double)(1 << 30)):0} ms per GiB sent; {(same ? "memory sound" : "MEMORY WRONG")}"));
    }
}
