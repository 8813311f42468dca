using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Units;

namespace Domain.Tests.Evacuations;

/// <summary>What operators meet: guests that cannot move, hosts without room, rooms to be made, several hosts at once, plans made again half way.</summary>
public sealed class PlannerStories
{
    private static readonly PlanLink Link = new(ByteRate.FromMebi(1024));

    private static PlanHost Host(string name, int gibi = 100, params string[] labels) => new(name, ByteCount.FromMebi(gibi * 1024), 32, Link, Labels: labels);

    private static PlanGuest Guest(string name, string host, int gibi) => new(name, host, ByteCount.FromMebi(gibi * 1024), 1, ByteCount.FromMebi(64), ByteRate.FromMebi(16));

    private static PlanInstance Instance(PlanHost[] hosts, PlanGuest[] guests, params string[] empty) => new(hosts, guests, empty, Canary: 0);

    [Fact]
    public void Given_guests_of_one_host_When_planned_Then_all_leave_and_the_bound_is_its_link()
    {
        var plan = EvacuationPlanner.Plan(Instance([Host("a"), Host("b"), Host("c")], [Guest("g1", "a", 20), Guest("g2", "a", 20), Guest("g3", "a", 10)], "a"));

        Assert.True(plan.Possible);
        Assert.Equal(3, plan.Moves.Count);
        Assert.Equal("link", plan.LowerBound.Limit);
        Assert.InRange(plan.LowerBound.Seconds, 51, 52);
        Assert.InRange(plan.Distance!.Value, 1, 1.05);
        Assert.True(plan.Eta.P90Seconds > plan.Eta.P50Seconds);
        Assert.True(plan.CapacityAfter.Single(h => h.Host == "a").Emptied);
        Assert.Contains("waits because", plan.Moves[^1].Waits, StringComparison.Ordinal);
    }

    [Fact]
    public void Given_several_hosts_at_once_When_planned_Then_none_of_them_is_a_destination_nor_is_a_cordoned_one()
    {
        var plan = EvacuationPlanner.Plan(Instance([Host("a"), Host("b"), Host("c"), Host("d") with { Cordoned = true }], [Guest("g1", "a", 20), Guest("g2", "b", 20)], "a", "b"));

        Assert.All(plan.Moves, m => Assert.Equal("c", m.Destination));
        Assert.Equal(2, plan.Moves.Count);
    }

    [Theory]
    [InlineData("block", false, 0)]
    [InlineData("skip", true, 1)]
    [InlineData("shutdown", true, 1)]
    public void Given_a_guest_that_cannot_move_When_planned_Then_it_blocks_or_stays_as_was_said(string on, bool possible, int stays)
    {
        var instance = Instance([Host("a"), Host("b")], [Guest("g1", "a", 20) with { Movable = false }, Guest("g2", "a", 10)], "a") with { OnNonMigratable = on };

        var plan = EvacuationPlanner.Plan(instance);

        Assert.Equal(possible, plan.Possible);
        Assert.Equal(stays, plan.Stays.Count);
        Assert.Equal("g2", Assert.Single(plan.Moves).Guest);
        Assert.Equal(on == "shutdown", plan.CapacityAfter.Single(h => h.Host == "a").Emptied);
    }

    [Fact]
    public void Given_no_room_anywhere_When_planned_Then_the_blocker_counts_the_hosts_by_reason()
    {
        var plan = EvacuationPlanner.Plan(Instance([Host("a"), Host("b", 20), Host("c", 20, "ssd")], [Guest("big", "a", 50)], "a"));

        var blocker = Assert.Single(plan.Blockers);
        Assert.Equal("destination.none", blocker.Code);
        Assert.Contains("1 host to be emptied, 2 hosts with too little memory free", blocker.Detail, StringComparison.Ordinal);
        Assert.Empty(plan.Moves);
    }

    [Fact]
    public void Given_a_destination_that_must_be_emptied_first_When_planned_Then_its_guest_leaves_before_the_other_comes()
    {
        // g1 needs an ssd, and only b has one: other must go to c first (80 of 100 GiB may be used).
        var instance = Instance([Host("a"), Host("b", 100, "ssd"), Host("c")], [Guest("g1", "a", 40) with { Requires = ["ssd"] }, Guest("other", "b", 60)], "a");

        var plan = EvacuationPlanner.Plan(instance);

        Assert.True(plan.Possible);
        Assert.Equal(["other", "g1"], plan.Moves.Select(m => m.Guest));
        Assert.Equal("g1", plan.Moves[0].MakesRoomFor);
        Assert.True(plan.Moves[1].StartSeconds >= plan.Moves[0].EndSeconds);
        Assert.Contains("b has no memory free yet, until other has arrived", plan.Moves[1].Waits, StringComparison.Ordinal);
        Assert.False(EvacuationPlanner.Plan(instance with { MakeRoom = false }).Possible);
    }

    [Fact]
    public void Given_two_full_hosts_that_would_have_to_swap_When_planned_Then_it_is_a_blocker_and_nothing_moves_for_it()
    {
        // other could only go to c, which is full of a guest that could only go to b.
        var instance = Instance(
            [Host("a"), Host("b", 100, "ssd", "x"), Host("c", 100, "x")],
            [Guest("g1", "a", 40) with { Requires = ["ssd"] }, Guest("other", "b", 60) with { Requires = ["x"] }, Guest("third", "c", 60) with { Requires = ["x"] }], "a");

        var plan = EvacuationPlanner.Plan(instance);

        Assert.Equal("g1", Assert.Single(plan.Blockers).Guest);
        Assert.Empty(plan.Moves);
    }

    [Fact]
    public void Given_tight_capacity_When_planned_Then_guests_are_packed_so_that_all_fit()
    {
        // 80 usable on b, 40 on c: only 50 + 30 on b and 40 on c fits.
        var plan = EvacuationPlanner.Plan(Instance([Host("a", 200), Host("b"), Host("c", 50)], [Guest("g1", "a", 50), Guest("g2", "a", 40), Guest("g3", "a", 30)], "a"));

        Assert.True(plan.Possible);
        Assert.Equal("c", plan.Moves.Single(m => m.Guest == "g2").Destination);
    }

    [Fact]
    public void Given_groups_When_planned_Then_those_apart_part_and_those_together_stay_together()
    {
        var plan = EvacuationPlanner.Plan(Instance(
            [Host("a"), Host("a2"), Host("b"), Host("c")],
            [
                Guest("x1", "a", 10) with { AntiAffinity = "x" }, Guest("x2", "a2", 10) with { AntiAffinity = "x" },
                Guest("y1", "a", 10) with { Affinity = "y" }, Guest("y2", "a", 10) with { Affinity = "y" },
            ],
            "a", "a2"));

        string To(string guest) => plan.Moves.Single(m => m.Guest == guest).Destination;
        Assert.NotEqual(To("x1"), To("x2"));
        Assert.Equal(To("y1"), To("y2"));
    }

    [Fact]
    public void Given_a_canary_When_planned_Then_a_guest_of_the_least_critical_tier_goes_alone_first()
    {
        var instance = Instance([Host("a"), Host("b")], [Guest("l1", "a", 2) with { Tier = "L1" }, Guest("l3", "a", 8), Guest("l3small", "a", 4)], "a") with { Canary = 1, SoakSeconds = 30 };

        var plan = EvacuationPlanner.Plan(instance);

        Assert.Equal("l3small", plan.Moves[0].Guest);
        Assert.Equal(["canary", "main"], plan.Waves.Select(w => w.Kind));
        Assert.All(plan.Moves.Skip(1), m => Assert.True(m.StartSeconds >= plan.Waves[0].EndSeconds + 30));
    }

    [Fact]
    public void Given_a_canary_whose_destination_others_leave_to_make_room_When_planned_Then_it_still_goes_first()
    {
        var instance = Instance(
            [Host("a"), Host("b", 100, "ssd"), Host("c")],
            [Guest("g1", "a", 40) with { Requires = ["ssd"] }, Guest("small", "a", 4) with { Requires = ["ssd"] }, Guest("other", "b", 60)], "a") with { Canary = 1 };

        var plan = EvacuationPlanner.Plan(instance);

        Assert.Equal(("small", "b", 1), (plan.Moves[0].Guest, plan.Moves[0].Destination, plan.Moves[0].Wave));
        Assert.Equal(["canary", "main"], plan.Waves.Select(w => w.Kind));
    }

    [Fact]
    public void Given_guests_in_flight_When_planned_again_Then_they_keep_their_destination_and_only_the_rest_is_planned()
    {
        var instance = Instance([Host("a"), Host("b"), Host("c")], [Guest("g1", "a", 20) with { InFlight = new PlanFlight("c", ByteCount.FromMebi(5 * 1024)) }, Guest("g2", "a", 20)], "a");

        var plan = EvacuationPlanner.Plan(instance);

        Assert.Equal(("c", 0), plan.Moves.Where(m => m.Guest == "g1").Select(m => (m.Destination, m.Wave)).Single());
        Assert.InRange(plan.LowerBound.Seconds, 20, 26);
        Assert.Equal(2, plan.Moves.Count);
    }

    [Fact]
    public void Given_a_guest_that_dirties_faster_than_its_link_When_planned_Then_its_blackout_is_told_as_over_its_limit()
    {
        var hot = Guest("hot", "a", 20) with { HotSet = ByteCount.FromMebi(4096), DirtyRate = ByteRate.FromMebi(2048), Policy = new MigrationPolicy(MaxBlackoutMs: 100) };

        var plan = EvacuationPlanner.Plan(Instance([Host("a"), Host("b")], [hot], "a"));

        Assert.True(Assert.Single(plan.Moves).OverCap);
        Assert.Equal(1, plan.Blackout.OverCap);
    }

    [Fact]
    public void Given_nothing_to_move_When_planned_Then_the_plan_is_empty_and_possible()
    {
        var plan = EvacuationPlanner.Plan(Instance([Host("a"), Host("b")], [Guest("g", "b", 1)], "a"));

        Assert.True(plan.Possible);
        Assert.Empty(plan.Moves);
        Assert.Null(plan.Distance);
    }
}
