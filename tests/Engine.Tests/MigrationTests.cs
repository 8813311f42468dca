using Coordinator.Shared.Contracts;
using Engine.Tests.Given;
using HostNode.Engine.Guests;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>Whole migrations between two drivers with a real guest-holder process on each side.</summary>
public sealed class MigrationTests
{
    [Theory]
    [InlineData("cooperative", 0)]
    [InlineData("cooperative", 20)]
    [InlineData("cooperative", 200)]
    [InlineData("wpAsync", 0)]
    [InlineData("wpAsync", 20)]
    [InlineData("wpAsync", 200)]
    public async Task A_writing_guest_arrives_byte_for_byte_and_goes_on(string tracking, int rateMebi)
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
