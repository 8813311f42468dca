using System.Diagnostics;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts.Evacuations;
using Simulator.Evacuations;

namespace Coordinator.Bench.Evacuation;

/// <summary>Plans against the lower bound and against what peers do, executed in the fluid simulator (B1, B2-sim); what planning costs (B4).</summary>
public sealed class EvacuationBench(Results report, int instances, int runs, string? only)
{
    public void Run()
    {
        if (Wanted("B1")) Bound();
        if (Wanted("B2")) Fleet();
        if (Wanted("B4")) Cost();
    }

    private bool Wanted(string id) => only is null || only == id;

    private void Bound()
    {
        List<(int Seed, Sample Ours, double Best, double BestSame)> found = [];
        var blocked = 0;
        for (var seed = 1; seed <= instances; seed++)
        {
            var instance = RandomInstance.Of(seed);
            var plan = EvacuationPlanner.Plan(instance);
            if (!plan.Possible) blocked++;
            var ours = FluidRun.Of(instance, new FollowPlan(instance, plan), plan.Moves.Count);
            if (ours.Broken.Count > 0 || !ours.Finished) throw new InvalidOperationException($"seed {seed}: {string.Join("; ", ours.Broken.Append($"{ours.Arrived} of {plan.Moves.Count} arrived"))}");
            var leaving = plan.Moves.Where(m => m.MakesRoomFor is null).ToList();
            var best = Best(instance, [.. leaving.Select(m => (m.Guest, (string?)null))]);
            var same = Best(instance, [.. plan.Moves.OrderBy(m => m.MakesRoomFor is null).Select(m => (m.Guest, (string?)m.Destination))]);
            found.Add((seed, new Sample(ours.Makespan, plan.LowerBound.Seconds), best, same));
        }

        var sorted = found.Select(f => f.Ours).OrderBy(s => s.Ratio).ToList();
        report.Ratio("B1-median", sorted, "ratio", "the lower bound of the same instance", "s");
        report.Ratio("B1-p95", [sorted[(int)Math.Ceiling(sorted.Count * 0.95) - 1]], "ratio", "the lower bound of the same instance", "s", sorted.Count);
        report.Note($"instances with blockers: {blocked} of {found.Count}");
        report.Note($"worse than the best of six rules that choose destinations themselves: {found.Count(f => f.Ours.Numerator > f.Best * 1.0000001)}; none of the six finishes: {found.Count(f => double.IsInfinity(f.Best))}");
        report.Note($"worse than the best of six rules given the plan's own destinations: {found.Count(f => f.Ours.Numerator > f.BestSame * 1.0000001)}");
    }

    private static double Best(PlanInstance instance, IReadOnlyList<(string, string?)> moves) =>
        SimpleRule.All.Min(rule => FluidRun.Of(instance, rule.On(instance, moves), moves.Count).Makespan);

    private void Fleet()
    {
        List<Sample> samples = [];
        for (var seed = 1; seed <= 10; seed++)
        {
            var instance = RandomInstance.Plain(seed, 8, 16, 160);
            var plan = EvacuationPlanner.Plan(instance);
            var rule = SimpleRule.All[2].On(instance, [.. plan.Moves.Select(m => (m.Guest, (string?)null))]);
            var theirs = FluidRun.Of(instance, rule, plan.Moves.Count);
            samples.Add(new Sample(theirs.Makespan, FluidRun.Of(instance, new FollowPlan(instance, plan), plan.Moves.Count).Makespan));
        }

        report.Ratio("B2-sim-vs-5-2", samples, "ratio", "5 per cluster, 2 per node, on the same instance", "s");
    }

    private void Cost()
    {
        var (small, large) = (RandomInstance.Large(1, 100, 1_000), RandomInstance.Large(1, 1_000, 10_000));
        for (var warm = 0; warm < 3; warm++) Seconds(small, 10);
        var seconds = Enumerable.Range(0, runs).Select(_ => (Large: Seconds(large, 1), Small: Seconds(small, 10))).ToList();
        report.Ratio("B4-seconds", [.. seconds.Select(s => new Sample(s.Large))], "s", "processor time for 10,000 guests, 1,000 hosts", "s");
        report.Ratio("B4-growth", [.. seconds.Select(s => new Sample(s.Large, s.Small))], "ratio", "1,000 guests, 100 hosts, processor time", "s");
    }

    // Processor time, whatever else the machine does: planning is one thread's work.
    private static double Seconds(PlanInstance instance, int times)
    {
        using var self = Process.GetCurrentProcess();
        GC.Collect();
        self.Refresh();
        var before = self.TotalProcessorTime;
        for (var i = 0; i < times; i++) EvacuationPlanner.Plan(instance);
        self.Refresh();
        return (self.TotalProcessorTime - before).TotalSeconds / times;
    }
}
