using Coordinator.Domain;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using static Domain.Tests.Migrations.Samples;

namespace Domain.Tests.Migrations;

/// <summary>The rules of the hand-off that people rely on, as stories.</summary>
public sealed class MigrationStories
{
    private static Decision<MigrationEvent> When(IEnumerable<MigrationEvent> given, MigrationInput input) => MigrationDecider.Decide(Fold(given), input);

    private static Heard Says(MigrationRole role, MigrationReport report) => new(role, report);

    [Fact]
    public void A_cancel_before_the_grant_aborts_at_once() =>
        Assert.Equal("cancelled", Assert.IsType<MigrationAborted>(Assert.Single(When(ToPreCopying, new Cancel("stop")).Events)).Code);

    [Fact]
    public void A_cancel_after_the_grant_only_asks_and_the_outcome_stays_open() =>
        Assert.IsType<MigrationCancelling>(Assert.Single(When(ToGranted, new Cancel("stop")).Events));

    [Fact]
    public void A_grant_is_never_taken_back_by_a_deadline()
    {
        Assert.IsType<MigrationCancelling>(Assert.Single(When(ToGranted, new DeadlineReached()).Events));
        Assert.Empty(When(ToCancelling, new DeadlineReached()).Events);
    }

    [Fact]
    public void A_silent_source_is_no_reason_to_ask_the_destination_to_refuse() =>
        Assert.DoesNotContain(MigrationOrders.Pending(Fold(ToCancelling)), o => o.Order is RefuseIn);

    [Fact]
    public void The_destination_is_asked_once_the_source_wants_its_word() =>
        Assert.Contains(MigrationOrders.Pending(Fold([.. ToGranted, new SourceAskedRefusal("no answer")])), o => o.Host == B && o.Order is RefuseIn);

    [Fact]
    public void A_guarded_source_that_came_back_empty_lets_the_destination_go_forward() =>
        Assert.Collection(When(ToGranted, Says(MigrationRole.Source, new SourceGone(Vm, Id, Second))).Events, e => Assert.IsType<SourceHostLost>(e), e => Assert.IsType<WentForward>(e));

    [Fact]
    public void A_source_that_may_resume_by_itself_needs_the_copy_of_COMMIT_as_proof()
    {
        MigrationEvent[] qemu = [new MigrationRequested(PlanQemu), .. ToGranted.Skip(1)];
        Assert.IsType<SourceHostLost>(Assert.Single(When(qemu, Says(MigrationRole.Source, new SourceGone(Vm, Id, Second))).Events));
        var seen = When([.. qemu, new CommitSeen("d", Stats)], Says(MigrationRole.Source, new SourceGone(Vm, Id, Second)));
        Assert.IsType<WentForward>(seen.Events[^1]);
    }

    [Fact]
    public void Going_forward_says_what_the_copy_must_be_if_the_log_knows_it()
    {
        var seen = Fold([.. ToGranted, new CommitSeen("d", Stats), new SourceHostLost(), new WentForward()]);
        Assert.Equal("d", Assert.IsType<GoForward>(MigrationOrders.For(seen, MigrationRole.Destination)).Digest);
        var unseen = Fold([.. ToGranted, new SourceHostLost(), new WentForward()]);
        Assert.Null(Assert.IsType<GoForward>(MigrationOrders.For(unseen, MigrationRole.Destination)).Digest);
    }

    [Fact]
    public void A_written_off_source_without_proof_makes_the_destination_refuse() =>
        Assert.Contains(MigrationOrders.Pending(Fold([.. ToGranted, new ParticipantWrittenOff(MigrationRole.Source)])), o => o.Host == B && o.Order is RefuseIn);

    [Fact]
    public void A_written_off_destination_makes_the_source_hold_before_anything_is_given_up()
    {
        var state = Fold([.. ToCancelling, new ParticipantWrittenOff(MigrationRole.Destination)]);
        Assert.Contains(MigrationOrders.Pending(state), o => o.Host == A && o.Order is Hold);
        Assert.IsType<MigrationHeld>(MigrationDecider.Decide(state, Says(MigrationRole.Source, new Holding(Vm, Id, Second))).Events[^1]);
    }

    [Fact]
    public void A_held_migration_is_resolved_once_and_under_a_new_epoch()
    {
        var resolved = Fold([.. ToHeld, new HeldResolved("resumeSource", new Epoch(3), "checked", "bob")]);
        var order = Assert.IsType<ResumeSource>(MigrationOrders.For(resolved, MigrationRole.Source));
        Assert.Equal(new Epoch(3), order.NewEpoch);
        Assert.Equal("resolve.done", MigrationDecider.Decide(resolved, new ResolveHeld("restartFromDisk", new Epoch(4), "again", "eve")).Refusal?.Code);
    }

    [Fact]
    public void Closed_waits_for_the_last_obligation_of_all()
    {
        MigrationEvent[] almost = [.. ToCompleted, new SourceReleased(), new DestinationVerified(true, "well"), new PermitReturned()];
        Assert.IsNotType<MigrationClosed>(MigrationDecider.Decide(Fold(almost[..^1]), new PermitReturnAnswered()).Events[^1]);
        Assert.IsType<MigrationClosed>(MigrationDecider.Decide(Fold(almost), new ClaimReturnAnswered(MigrationRole.Source)).Events[^1]);
    }

    [Fact]
    public void An_abort_before_anything_was_held_is_closed_at_once() =>
        Assert.Collection(When([ToPermit[0]], new Cancel("stop")).Events, e => Assert.IsType<MigrationAborted>(e), e => Assert.IsType<MigrationClosed>(e));

    [Fact]
    public void OWNED_after_an_abort_is_an_alarm_and_changes_nothing()
    {
        var decision = When(ToAborted, Says(MigrationRole.Destination, new Owned(Vm, Id, Second, "d", null)));
        Assert.Equal("protocol.violation", decision.Refusal?.Code);
        Assert.Empty(decision.Events);
    }

    [Fact]
    public void A_round_reported_twice_is_one_event() =>
        Assert.Empty(When([.. ToPreCopying, new PreCopyRoundCompleted(Round1, "again")], Says(MigrationRole.Source, new RoundCompleted(Vm, Id, Second, Round1, "again"))).Events);

    [Fact]
    public void An_event_that_cannot_follow_stops_the_stream() =>
        Assert.Throws<CorruptHistoryException>(() => Fold([new MigrationRequested(Plan), new MigrationCompleted(MigrationRole.Destination, "d", null)]));
}
