using Coordinator.Application.Projections;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Evacuations.Planning;
using Coordinator.Server.Node.Views;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Server.Tests.Evacuations;

/// <summary>How long an evacuation may still take: four equal guests, one after the other.</summary>
public sealed class EvacuationTimeTests
{
    private static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly EvacuationId Id = EvacuationId.Create(1, Noon, 1);
    private static readonly HostId Source = HostId.Parse("host-a");
    private static readonly PlanInstance Instance = new(
        [Host("host-a"), Host("host-b")], [.. Enumerable.Range(1, 4).Select(n => new PlanGuest($"vm-{n}", "host-a", ByteCount.FromMebi(100), DirtyRate: ByteRate.FromMebi(1), HotSet: ByteCount.FromMebi(8)))],
        ["host-a"], Caps: new PlanCaps(Global: 1), Canary: 0);

    private static readonly EvacuationPlan Plan = EvacuationPlanner.Plan(Instance);

    [Fact]
    public void At_its_start_it_is_the_plans_and_a_band()
    {
        var left = Left(Fold(0), TimeSpan.Zero)!;

        Assert.InRange(left.P50Seconds, Plan.Eta.P50Seconds - 0.2, Plan.Eta.P50Seconds + 0.2);
        Assert.InRange(left.P90Seconds, Plan.Eta.P90Seconds - 0.2, Plan.Eta.P90Seconds + 0.2);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void After_half_of_the_bytes_half_is_left_at_the_pace_that_was_seen(int pace)
    {
        var left = Left(Fold(2), TimeSpan.FromSeconds(pace * Plan.Eta.P50Seconds / 2))!;
        Assert.InRange(left.P50Seconds / Plan.Eta.P50Seconds, pace * 0.4, pace * 0.6);
    }

    [Fact]
    public void Bytes_under_way_count_too()
    {
        var (few, many) = (Left(Fold(1, moving: true), TimeSpan.Zero, ByteCount.FromMebi(90))!, Left(Fold(1, moving: true), TimeSpan.Zero, ByteCount.FromMebi(10))!);
        Assert.True(many.P50Seconds < few.P50Seconds, $"{many} {few}");
    }

    [Fact]
    public void Nothing_is_said_while_it_does_not_go_on_nor_when_nothing_is_left()
    {
        Assert.Null(Left(Next(Fold(1), new EvacuationPaused("operator", "storm"), 1), TimeSpan.Zero));
        Assert.Null(Left(Fold(4), TimeSpan.Zero));
    }

    private static EvacuationEta? Left(EvacuationRow row, TimeSpan after, ByteCount? remaining = null) => EvacuationTime.Left(row, _ => remaining, Noon + after);

    private static EvacuationRow Fold(int arrived, bool moving = false)
    {
        EvacuationRow? row = null;
        EvacuationEvent[] begun = [new EvacuationRequested(Id, new EvacuationSpec([Source]), Instance, Plan), new EvacuationStarted(), new EvacuationHostCordoned(Source), new WaveOpened(1)];
        foreach (var happened in begun) row = Next(row, happened, 1);
        foreach (var move in Plan.Moves.Take(arrived + (moving ? 1 : 0)))
        {
            var (vm, to, migration) = (VmId.Parse(move.Guest), HostId.Parse(move.Destination), MigrationId.Create(1, Noon, move.Order));
            row = Next(Next(row, new GuestStarted(vm, 1, to, 1), 1), new GuestFollowed(vm, 1, migration), 1);
            if (move.Order <= arrived) row = Next(row, new GuestArrived(vm, 1, migration, to), 1);
        }

        return row!;
    }

    private static EvacuationRow Next(EvacuationRow? row, EvacuationEvent happened, int shard) => EvacuationRow.Next(row, happened, (row?.Version ?? 0) + 1, shard, new Term(1), Noon)!;

    private static PlanHost Host(string name) => new(name, ByteCount.FromMebi(4096), 32, new PlanLink(ByteRate.FromMebi(10)));
}
