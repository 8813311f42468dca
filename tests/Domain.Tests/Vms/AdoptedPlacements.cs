using Coordinator.Domain.Migrations;
using Coordinator.Domain.Vms;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Placement = Coordinator.Domain.Vms.Vm;
using static Domain.Tests.Migrations.Samples;

namespace Domain.Tests.Vms;

/// <summary>
/// A store that was restored learns where a VM is. In the backup it is on host-a under epoch 5; what happened since is told by its hosts, in any order.
/// </summary>
public sealed class AdoptedPlacements
{
    private static readonly VmId Web = new("web-1");
    private static readonly HostId C = new("host-c");
    private static readonly MigrationId Other = MigrationId.Create(7, Noon, 9);

    private static readonly Placement Known = new(Web, Native, A, new Epoch(5), new Epoch(5), VmPower.Running, "vm-web-1") { ClaimCounted = true };

    private Placement _vm = Known;
    private int _version = 10;

    [Fact]
    public void In_doubt_nothing_is_ordered_and_nothing_may_be_asked()
    {
        Restored(Known with { Power = VmPower.Starting });

        Assert.Null(VmOrders.Pending(_vm));
        foreach (VmInput wish in (VmInput[])[new Start(A, "now"), new Start(B, "now"), new Stop("now"), new OpenMigration(Other, B)])
            Assert.Equal("vm.inDoubt", VmDecider.Decide(_vm, wish).Refusal?.Code);
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("ba")]
    public void It_moved_after_the_backup_and_is_where_its_new_host_says(string order)
    {
        Restored(Known);
        foreach (var host in order) Tell(host == 'a' ? A : B, host == 'a' ? Gone(6) : Here(6, 6));

        Is(B, 6, 6, VmPower.Running);
        Assert.Equal(("vm-web-1.6", false, "vm-web-1"), (_vm.Claim, _vm.ClaimCounted, _vm.ToReturn?.Claim));
        Assert.Equal(new Epoch(7), Assert.IsType<MigrationOpened>(Assert.Single(VmDecider.Decide(_vm, new OpenMigration(Other, A)).Events)).Epoch);
    }

    [Fact]
    public void What_the_old_host_says_is_not_enough()
    {
        Restored(Known);
        Tell(A, Gone(6));

        Assert.Equal(new Epoch(6), _vm.HighestEpoch);
        Assert.Equal("vm.inDoubt", VmDecider.Decide(_vm, new Start(A, "now")).Refusal?.Code);
    }

    [Fact]
    public void It_never_moved_and_an_attempt_that_failed_since_burns_its_epoch()
    {
        Restored(Known);
        Tell(A, Here(5, 8));

        Is(A, 5, 8, VmPower.Running);
        Assert.Equal(("vm-web-1", true), (_vm.Claim, _vm.ClaimCounted));
    }

    [Fact]
    public void A_start_that_was_pending_is_sent_only_after_everyone_was_heard()
    {
        Restored(Known with { Power = VmPower.Starting });
        Tell(A, Gone(5));
        Assert.Null(VmOrders.Pending(_vm));

        Apply(new AllTold());

        Assert.Equal(new StartVm(Web, _version, new Epoch(5), Native), VmOrders.Pending(_vm)?.Order);
    }

    [Fact]
    public void A_start_that_was_pending_is_not_sent_when_there_was_a_later_one()
    {
        Restored(Known with { Power = VmPower.Starting });
        Tell(C, Here(6, 6));

        Is(C, 6, 6, VmPower.Running);
        Assert.Null(VmOrders.Pending(_vm));
    }

    [Fact]
    public void It_is_lost_when_nobody_has_it_and_its_next_start_is_above_all_that_was_ever_heard()
    {
        Restored(Known);
        Tell(A, Gone(6));
        Tell(B, Gone(7));
        Apply(new AllTold());

        Assert.Equal((VmPower.Lost, null), (_vm.Power, _vm.Doubted));
        Assert.Equal(new Epoch(8), Assert.IsType<VmStartOrdered>(Assert.Single(VmDecider.Decide(_vm, new Start(C, "again")).Events)).Epoch);
    }

    [Fact]
    public void An_attempt_that_is_open_decides_before_anything_else()
    {
        Restored(Known);
        Tell(A, Here(5, 6) with { Open = [Attempt(Other, 6, MigrationRole.Source, B)] });
        Apply(new AllTold());

        Assert.Equal((Other, new Epoch(6), VmPower.Running), (_vm.Migration, _vm.HighestEpoch, _vm.Power));
        Assert.Equal("vm.migrating", VmDecider.Decide(_vm, new Start(A, "now")).Refusal?.Code);
    }

    [Fact]
    public void A_copy_that_waits_for_COMMIT_keeps_it_in_doubt_or_moving_however_late_its_word_comes()
    {
        Restored(Known);
        Tell(B, Gone(6) with { Open = [Attempt(Other, 6, MigrationRole.Destination, A)] });
        Assert.Equal(Other, _vm.Migration);

        // It took over after it had told that it waits, and the other host is off for good.
        Apply(new FollowMigration(Cut(Other, 6, new MigrationCompleted(MigrationRole.Destination, "d", null))));

        Is(B, 6, 6, VmPower.Running);
        Apply(new AllTold());
        Assert.Equal(VmPower.Running, _vm.Power);
    }

    [Fact]
    public void An_open_attempt_that_its_source_ends_leaves_it_there_and_trusted()
    {
        Restored(Known);
        Tell(A, Here(5, 6) with { Open = [Attempt(Other, 6, MigrationRole.Source, B)] });
        Apply(new FollowMigration(Cut(Other, 6, new MigrationAborted("source.rejected", "restored", MigrationRole.Source, GuestRuns: true, Transient: false))));

        Is(A, 5, 6, VmPower.Running);
        Apply(new AllTold());
        Assert.Equal(VmPower.Running, _vm.Power);
    }

    [Fact]
    public void An_attempt_of_the_backup_that_was_over_long_ago_does_not_move_it_back()
    {
        // Open in the backup: host-a to host-b, epoch 6. Since then it went there, and on to host-c.
        Restored(Known with { Migration = Other, HighestEpoch = new Epoch(6) });
        Tell(B, Gone(8));
        Tell(C, Here(7, 8));
        Is(C, 7, 8, VmPower.Running);

        Apply(new FollowMigration(Cut(Other, 6, new MigrationCompleted(MigrationRole.Destination, "d", null))));

        Is(C, 7, 8, VmPower.Running);
        Assert.Null(_vm.Migration);
    }

    [Fact]
    public void An_attempt_of_the_backup_that_ends_while_later_ones_are_known_leaves_it_in_doubt()
    {
        Restored(Known with { Migration = Other, HighestEpoch = new Epoch(6) });
        Tell(A, Gone(6));
        Tell(B, Gone(7));
        Apply(new FollowMigration(Cut(Other, 6, new MigrationCompleted(MigrationRole.Destination, "d", null))));
        Assert.NotNull(_vm.Doubted);

        Tell(C, Here(7, 7));

        Is(C, 7, 7, VmPower.Running);
    }

    [Fact]
    public void A_guest_that_the_backup_does_not_know_is_adopted_with_its_epoch()
    {
        var events = VmDecider.Decide(UnknownVm.Instance, new WordTold(B, Here(3, 4))).Events;

        Assert.Equal([new VmRegistered(Web, Native, B, new Epoch(3), Adopted: true), new HigherEpochHeard(B, new Epoch(4))], events);
        Assert.Empty(VmDecider.Decide(UnknownVm.Instance, new WordTold(A, Gone(3))).Events);
    }

    [Fact]
    public void Two_hosts_that_both_have_it_are_a_conflict_for_a_person()
    {
        Restored(Known);
        Tell(A, Here(5, 5));
        Tell(C, Here(7, 7));

        Is(A, 5, 5, VmPower.Running);
        Assert.StartsWith("host-c", _vm.Conflict);
    }

    [Fact]
    public void To_be_told_twice_changes_nothing()
    {
        Restored(Known);
        var word = Here(5, 6) with { Open = [Attempt(Other, 6, MigrationRole.Source, B)] };
        Tell(A, word);
        Tell(B, Gone(6));

        Assert.Empty(VmDecider.Decide(_vm, new WordTold(A, word)).Events);
        Assert.Empty(VmDecider.Decide(_vm, new WordTold(B, Gone(6))).Events);
    }

    private static VmWord Here(long epoch, long highest) => new(Web, new Epoch(highest), new Epoch(epoch), Native, Ran: true, []);

    private static VmWord Gone(long highest) => new(Web, new Epoch(highest), null, null, Ran: false, []);

    private static OpenAttempt Attempt(MigrationId id, long epoch, MigrationRole role, HostId peer) => new(id, new Epoch(epoch), role, peer, Native, MigrationPolicy.Default);

    private static MigrationState Cut(MigrationId id, long epoch, MigrationEvent end) =>
        Fold([new MigrationRequested(Plan with { Id = id, Epoch = new Epoch(epoch) }), new HistoryCut("r"), end]);

    private void Restored(Placement backup)
    {
        _vm = backup;
        Apply(new DoubtPlacement("r"));
    }

    private void Tell(HostId host, VmWord word) => Apply(new WordTold(host, word));

    private void Apply(VmInput input)
    {
        var decision = VmDecider.Decide(_vm, input);
        Assert.Null(decision.Refusal);
        foreach (var e in decision.Events) _vm = (Placement)VmEvolution.Evolve(_vm, e, ++_version, Noon);
    }

    private void Is(HostId host, long epoch, long highest, VmPower power) =>
        Assert.Equal((host, new Epoch(epoch), new Epoch(highest), power, null), (_vm.Host, _vm.Epoch, _vm.HighestEpoch, _vm.Power, _vm.Doubted));
}
