using Coordinator.Shared.Contracts;
using Engine.Tests.Given;
using HostNode.Engine.Guests;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>Whole migrations between two drivers with a real guest-holder process on each side.</summary>
public sealed class MigrationTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(200)]
    public Task A_writing_guest_arrives_byte_for_byte_and_goes_on(int rateMebi) => MoveAndCompare("cooperative", rateMebi);

    [WpAsyncFact]
    public Task The_same_with_dirty_pages_tracked_by_the_kernel_at_a_low_rate() => MoveAndCompare("wpAsync", 20);

    [WpAsyncFact]
    public Task The_same_with_dirty_pages_tracked_by_the_kernel_at_a_high_rate() => MoveAndCompare("wpAsync", 200);

    [Fact]
    public async Task A_move_with_full_verification_rehashes_both_sides_and_succeeds()
    {
        await using var hosts = new TwoHosts { Policy = new MigrationPolicy { Verify = "full" } };
        hosts.StartGuest();

        hosts.MigrateWhole();

        Assert.Equal(0, hosts.DifferentPages());
    }

    [Fact]
    public async Task A_moved_guest_moves_on_to_where_it_came_from()
    {
        await using var hosts = new TwoHosts();
        hosts.StartGuest();
        hosts.MigrateWhole();
        hosts.RunAtDestination();
        hosts.Source.Driver.Execute(new DestroyGuest(hosts.Vm));
        hosts.Source.Events.Next<GuestDead>();

        await using var back = hosts.Back();
        back.MigrateWhole();
        back.RunAtDestination();

        back.Destination.Driver.Execute(new VerifyGuest(back.Vm, back.Migration));
        var verified = back.Destination.Events.Next<GuestVerified>();
        Assert.True(verified.Well, verified.Detail);
    }

    [Fact]
    public async Task A_guest_of_odd_size_with_only_two_pages_in_its_last_chunk_arrives_whole()
    {
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(2 + (2 / 256.0), 2, 5) };
        hosts.StartGuest();

        hosts.MigrateWhole();

        Assert.Equal(0, hosts.DifferentPages());
    }

    [Fact]
    public async Task Every_beat_of_the_guest_reaches_the_witness_once_and_in_order_from_one_host_at_a_time()
    {
        using var ledger = new Ledger();
        await using var hosts = new TwoHosts { Spec = TwoHosts.Guest(32, 8, 50, ledger.Path) };
        hosts.StartGuest();
        ledger.Await(line => line.Counter >= 20);

        hosts.MigrateWhole();
        hosts.RunAtDestination();
        ledger.Await(line => line.Host == "beta" && line.Counter >= 100);

        Assert.Null(ledger.FirstWrong());
        Assert.Equal(["alpha 1", "beta 2"], ledger.Lines.Select(l => $"{l.Host} {l.Epoch}").Distinct());
    }

    private static async Task MoveAndCompare(string tracking, int rateMebi)
    {
        await using var hosts = new TwoHosts(tracking) { Spec = TwoHosts.Guest(48, 24, rateMebi) };
        hosts.StartGuest();

        var completed = hosts.MigrateWhole();

        Assert.Equal(0, hosts.DifferentPages());
        Assert.Equal(HolderState.Completed, hosts.Source.Status(hosts.Vm).State);
        var frozen = hosts.Source.Status(hosts.Vm).Counter;
        hosts.RunAtDestination();
        hosts.Destination.Driver.Execute(new VerifyGuest(hosts.Vm, hosts.Migration));
        var verified = hosts.Destination.Events.Next<GuestVerified>();
        Assert.True(verified.Well, verified.Detail);
        Assert.True(Eventually(() => hosts.Destination.Status(hosts.Vm).Counter > frozen));
        Assert.Equal(0, completed.Stats.Resent.Value);
    }

    private static bool Eventually(Func<bool> condition)
    {
        for (var i = 0; i < 2000; i++)
        {
            if (condition()) return true;
            Thread.Sleep(5);
        }

        return false;
    }
}
