using System.Globalization;
using Coordinator.Shared.Contracts.Evacuations;

namespace Cli.Output;

/// <summary>A plan for people: what stands in its way first, then the moves, what is left afterwards, how long it takes.</summary>
internal static class PlanText
{
    public static void Print(EvacuationPlan plan)
    {
        foreach (var blocker in plan.Blockers) Console.Out.WriteLine($"BLOCKED  {blocker.Detail}\n         {blocker.Remedy} ({blocker.Code})");
        foreach (var stay in plan.Stays) Console.Out.WriteLine($"STAYS    {stay.Guest} on {stay.Host} ({stay.Action}): {stay.Reason}");
        if (plan.Blockers.Count + plan.Stays.Count > 0) Console.Out.WriteLine();
        var moves = new TextTable("#", "WAVE", "GUEST", "FROM", "TO", "START", "END", "BYTES", "BLACKOUT", "WAITS");
        foreach (var m in plan.Moves)
        {
            var room = m.MakesRoomFor is { } other ? $"makes room for {other}; " : "";
            moves.Add(
                Words.Of(m.Order), Words.Of(m.Wave), m.Guest, m.Source, m.Destination, Seconds(m.StartSeconds), Seconds(m.EndSeconds), m.Bytes.ToString(),
                Words.Milliseconds(m.BlackoutMs) + (m.OverCap ? " (over its limit)" : ""), room + (m.Waits ?? ""));
        }

        Console.Out.WriteLine(moves);
        var hosts = new TextTable("HOST", "GUESTS AFTER", "MEMORY FREE", "CPUS FREE", "EMPTY");
        foreach (var h in plan.CapacityAfter) hosts.Add(h.Host, Words.Of(h.Guests), h.MemoryFree.ToString(), h.CpusFree.ToString(CultureInfo.InvariantCulture), h.Emptied ? "yes" : "no");
        Console.Out.WriteLine(hosts);
        foreach (var w in plan.Waves) Console.Out.WriteLine($"wave {w.Number} ({w.Kind}): {w.Guests} guests, {Seconds(w.StartSeconds)} to {Seconds(w.EndSeconds)}");
        Console.Out.WriteLine($"ETA {Seconds(plan.Eta.P50Seconds)} (p90 {Seconds(plan.Eta.P90Seconds)}); blackout p50 {Words.Milliseconds(plan.Blackout.P50Ms)}, most {Words.Milliseconds(plan.Blackout.MaxMs)}, {plan.Blackout.OverCap} over their limit");
        Console.Out.WriteLine($"lower bound {Seconds(plan.LowerBound.Seconds)} ({plan.LowerBound.Limit}: {plan.LowerBound.Detail})" + (plan.Distance is { } d ? string.Create(CultureInfo.InvariantCulture, $"; the plan is {d:0.00} times that") : ""));
        Console.Out.WriteLine(plan.StartRule.Detail);
    }

    private static string Seconds(double seconds) => string.Create(CultureInfo.InvariantCulture, $"{seconds:0.#} s");
}
