using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using static Domain.Tests.Migrations.Samples;

namespace Domain.Tests.Migrations;

/// <summary>What a VM's placement becomes when its migration is over.</summary>
public sealed class VmFollows
{
    private static readonly Vm Moving = new(Samples.Vm, Native, A, new Epoch(1), Second, VmPower.Running, "vm-web-1") { ClaimCounted = true, Migration = Id };

    private static IReadOnlyList<VmEvent> After(IEnumerable<MigrationEvent> history) => VmDecider.Decide(Moving, new FollowMigration(Fold(history))).Events;

    [Fact]
    public void It_lives_where_the_destination_owns_it() => Assert.Equal(B, Assert.IsType<PlacementChanged>(Assert.Single(After(ToCompleted))).Host);

    [Fact]
    public void The_sources_word_alone_does_not_move_it_yet() =>
        Assert.Empty(After([.. ToGranted, new MigrationCompleted(MigrationRole.Source, null, null)]));

    // Found by simulation: the VM followed a closed migration for ever.
    [Fact]
    public void A_destination_that_is_written_off_before_its_word_takes_the_guest_with_it() => Assert.Collection(
        After([.. ToGranted, new MigrationCompleted(MigrationRole.Source, null, null), new ParticipantWrittenOff(MigrationRole.Destination)]),
        e => Assert.Equal(B, Assert.IsType<PlacementChanged>(e).Host), e => Assert.IsType<VmLost>(e));

    // Found by simulation: started on a third host before the first had answered, the first one counted the guest for ever.
    [Fact]
    public void It_is_not_started_on_a_third_host_while_the_first_still_counts_it()
    {
        var failed = Moving with { Migration = null, Power = VmPower.Stopped, ToReturn = new OldClaim(A, "vm-web-1"), Host = B, Claim = "vm-web-1.3" };
        Assert.Equal("vm.settling", VmDecider.Decide(failed, new Start(new HostId("host-c"), "again")).Refusal?.Code);
        Assert.Null(VmDecider.Decide(failed, new Start(B, "again")).Refusal);
        Assert.Null(VmDecider.Decide(failed with { ToReturn = null }, new Start(new HostId("host-c"), "again")).Refusal);
    }
}
