using System.Text.Json;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;
using FsCheck;
using FsCheck.Fluent;
using Simulator.Evacuations;

namespace Simulation.Tests.Evacuations;

/// <summary>Plans of random fleets, and what becomes of them when they are executed over links that are shared: judged by the simulator's own counts.</summary>
public sealed class PlansExecuted
{
    private static readonly PlanCaps Tight = new(Global: 6, HostOut: 2, HostIn: 2, Link: 3, Group: 1);

    private static void Holds(int tests, Func<int, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(tests), Prop.ForAll(Gen.Choose(1, 100_000).ToArbitrary(), property));

    private static FluidResult Execute(PlanInstance truth, PlanInstance planned, EvacuationPlan plan) => FluidRun.Of(truth, new FollowPlan(planned, plan), plan.Moves.Count);

    [Fact]
    public void Capacity_labels_groups_and_links_are_never_exceeded_at_any_time_and_everybody_arrives() => Holds(30, seed =>
    {
        var instance = RandomInstance.Of(seed);
        var run = Execute(instance, instance, EvacuationPlanner.Plan(instance));
        return run.Finished && run.Broken.Count == 0;
    });

    [Fact]
    public void Caps_are_never_exceeded() => Holds(30, seed =>
    {
        var instance = RandomInstance.Of(seed) with { Caps = Tight };
        var run = Execute(instance, instance, EvacuationPlanner.Plan(instance));
        int Most(string what) => run.Most.GetValueOrDefault(what);
        return run.Finished && Most("global") <= 6 && Most("out") <= 2 && Most("in") <= 2 && Most("link") <= 3 && Most("group") <= 1;
    });

    [Fact]
    public void No_execution_beats_the_lower_bound_neither_of_the_plan_nor_of_a_simple_rule() => Holds(20, seed =>
    {
        var instance = RandomInstance.Of(seed);
        var plan = EvacuationPlanner.Plan(instance);
        var leaving = plan.Moves.Where(m => m.MakesRoomFor is null).Select(m => (m.Guest, (string?)null)).ToList();
        var rules = SimpleRule.All.Select(rule => FluidRun.Of(instance, rule.On(instance, leaving), leaving.Count).Makespan);
        return rules.Append(Execute(instance, instance, plan).Makespan).All(makespan => makespan >= plan.LowerBound.Seconds * (1 - 1e-6));
    });

    [Fact]
    public void A_drained_host_is_never_a_destination_and_every_guest_of_one_moves_stays_or_has_a_blocker() => Holds(60, seed =>
    {
        var instance = RandomInstance.Of(seed);
        var plan = EvacuationPlanner.Plan(instance);
        var drained = instance.Empty.ToHashSet();
        var told = plan.Moves.Select(m => m.Guest).Concat(plan.Blockers.Where(b => b.Detail.Length > 0).Select(b => b.Guest)).Concat(plan.Stays.Select(s => s.Guest)).ToHashSet();
        return !plan.Moves.Any(m => drained.Contains(m.Destination)) && instance.Guests.Where(g => drained.Contains(g.Host)).All(g => told.Contains(g.Name));
    });

    [Fact]
    public void The_same_instance_gives_the_same_plan() => Holds(20, seed =>
        JsonSerializer.Serialize(EvacuationPlanner.Plan(RandomInstance.Of(seed)), PlanJson.Default.EvacuationPlan)
        == JsonSerializer.Serialize(EvacuationPlanner.Plan(RandomInstance.Of(seed)), PlanJson.Default.EvacuationPlan));

    [Fact]
    public void Wrong_guesses_delay_a_plan_and_break_nothing() => Holds(20, seed =>
    {
        var truth = RandomInstance.Of(seed);
        // Planned with half, or twice, of what each guest truly dirties.
        var planned = truth with { Guests = [.. truth.Guests.Select((g, i) => g with { DirtyRate = new ByteRate(i % 2 == 0 ? g.DirtyRate.Value / 2 : g.DirtyRate.Value * 2) })] };
        var run = Execute(truth, planned, EvacuationPlanner.Plan(planned));
        return run.Finished && run.Broken.Count == 0;
    });

    [Fact]
    public void A_lone_guest_takes_its_set_up_its_bytes_and_the_fixed_part()
    {
        var link = new PlanLink(ByteRate.FromMebi(100));
        PlanHost[] hosts = [new("a", ByteCount.FromMebi(4000), 8, link), new("b", ByteCount.FromMebi(4000), 8, link)];
        var instance = new PlanInstance(hosts, [new("g", "a", ByteCount.FromMebi(1000), HotSet: ByteCount.Zero)], ["a"], SetupSeconds: 2, Canary: 0);

        var run = Execute(instance, instance, EvacuationPlanner.Plan(instance));

        Assert.Equal(12.005, run.Makespan, 3);
    }

    [Fact]
    public void Two_that_share_a_link_get_half_of_it_each_and_one_that_is_held_up_elsewhere_leaves_its_part_to_the_other()
    {
        PlanHost Host(string name, double rate) => new(name, ByteCount.FromMebi(9000), 8, new PlanLink(ByteRate.FromMebi(rate)));
        PlanGuest Guest(string name) => new(name, "a", ByteCount.FromMebi(600), HotSet: ByteCount.Zero);
        var instance = new PlanInstance([Host("a", 100), Host("slow", 25), Host("fast", 100)], [Guest("g1"), Guest("g2")], ["a"], SetupSeconds: 0);

        // 25 and 75 MiB/s: g2 is through after 8 s, g1 after 24 s.
        var run = FluidRun.Of(instance, SimpleRule.All[4].On(instance, [("g1", "slow"), ("g2", "fast")]), 2);

        Assert.Equal(24.005, run.Makespan, 2);
    }
}
