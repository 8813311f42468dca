using Coordinator.Domain;
using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using static Domain.Tests.Evacuations.EvacuationSamples;

namespace Domain.Tests.Evacuations;

/// <summary>What people rely on when they empty a host, as stories.</summary>
public sealed class EvacuationStories
{
    private static IReadOnlyList<EvacuationEvent> When(IEnumerable<EvacuationEvent> given, EvacuationInput input, int secondsLater = 0) =>
        EvacuationDecider.Decide(Fold(given), input, Noon + TimeSpan.FromSeconds(secondsLater)).Events;

    [Fact]
    public void Before_its_window_nothing_is_touched_and_then_the_hosts_are_cordoned_first()
    {
        EvacuationEvent[] given = [new EvacuationRequested(Id, Spec with { NotBefore = Noon + TimeSpan.FromSeconds(60) }, Instance, Plan)];
        Assert.Empty(EvacuationObligations.Pending(Fold(given)));
        Assert.Empty(When(given, new TimePassed(), secondsLater: 59));
        Assert.IsType<EvacuationStarted>(Assert.Single(When(given, new TimePassed(), secondsLater: 60)));
        Assert.Equal(EvacuationVerb.Cordon, Assert.Single(EvacuationObligations.Pending(Fold([.. given, new EvacuationStarted()]))).Verb);
    }

    [Fact]
    public void The_canary_goes_alone_and_the_next_wave_waits_until_it_has_soaked()
    {
        Assert.Equal([First], When(ToCordoning, new HostAnswered(A, Uncordoned: false)).OfType<GuestStarted>().Select(e => e.Vm));
        Assert.Empty(When(ToSoaking, new TimePassed(), secondsLater: 29));
        var then = When(ToSoaking, new TimePassed(), secondsLater: 30);
        Assert.Equal(2, Assert.IsType<WaveOpened>(then[0]).Wave);
        Assert.Contains(then, e => e is GuestStarted { Wave: 2 });
    }

    [Fact]
    public void A_failure_that_passes_is_tried_again_under_the_next_number_after_a_pause()
    {
        var failed = When(ToMoving, Seen(A, Child(1), MigrationOutcome.Aborted, "host.memory"));
        Assert.False(Assert.IsType<GuestFailed>(Assert.Single(failed)).Final);
        Assert.Empty(When(ToTriedOnce, new TimePassed(), secondsLater: 4));
        Assert.Equal(2, Assert.IsType<GuestStarted>(Assert.Single(When(ToTriedOnce, new TimePassed(), secondsLater: 5))).Try);
    }

    [Fact]
    public void The_last_failure_spends_the_budget_and_pauses_at_once()
    {
        var failed = When(ToLastTry, Seen(A, Child(2), MigrationOutcome.Aborted, "host.memory"));
        Assert.True(Assert.IsType<GuestFailed>(failed[0]).Final);
        Assert.Equal("budget", Assert.IsType<EvacuationPaused>(failed[1]).By);
    }

    [Fact]
    public void Resumed_after_its_budget_was_spent_it_has_the_whole_budget_again()
    {
        var resumed = When(ToOutOfBudget, new Resume(), secondsLater: 60);
        Assert.IsType<EvacuationResumed>(resumed[0]);
        Assert.Contains(resumed, e => e is GuestStarted);
    }

    [Fact]
    public void Failed_guests_are_tried_again_with_all_their_tries()
    {
        EvacuationEvent[] given = [.. ToOutOfBudget, new FailedRetried([First]), new EvacuationResumed(), new GuestStarted(First, 3, To, 1), new GuestFollowed(First, 3, Child(3))];
        Assert.False(Assert.IsType<GuestFailed>(When(given, Seen(A, Child(3), MigrationOutcome.Aborted, "host.memory"))[0]).Final);
    }

    [Fact]
    public void News_from_before_its_migration_conclude_nothing() => Assert.Empty(When(ToMoving, Seen(A, Child(0), MigrationOutcome.Aborted, "deadline", asked: null)));

    // Names of migrations are made from clocks, and the next owner's clock may be behind: order is not told by them.
    [Fact]
    public void Somebody_elses_migration_counts_also_when_its_name_is_an_earlier_one() =>
        Assert.Equal("migration.elsewhere", Assert.IsType<GuestFailed>(When(ToMoving, Seen(A, Child(0), MigrationOutcome.Completed))[0]).Code);

    [Fact]
    public void A_guest_that_somebody_else_moved_away_has_arrived() =>
        Assert.Equal(new HostId("host-z"), Assert.IsType<GuestArrived>(When(ToElsewhere, Seen(new HostId("host-z"), Child(9), MigrationOutcome.Completed))[0]).Host);

    [Fact]
    public void An_abort_cancels_what_runs_and_takes_its_cordon_back_before_it_closes()
    {
        Assert.Equal(EvacuationVerb.Cancel, Assert.Single(EvacuationObligations.Pending(Fold(ToAborting))).Verb);
        var ended = When(ToAborting, Seen(A, Child(1), MigrationOutcome.Aborted, "cancelled"));
        Assert.Equal((EvacuationOutcome.Aborted, 4), (Assert.IsType<EvacuationEnded>(ended[^1]).Outcome, ((EvacuationEnded)ended[^1]).Stays.Count));
        Assert.Equal(EvacuationVerb.Uncordon, Assert.Single(EvacuationObligations.Pending(Fold(ToAborted))).Verb);
        Assert.IsType<EvacuationClosed>(When(ToAborted, new HostAnswered(A, Uncordoned: true))[^1]);
    }

    [Fact]
    public void After_its_window_or_deadline_nothing_new_starts_until_a_person_says_so()
    {
        EvacuationEvent[] given = [new EvacuationRequested(Id, Spec with { DeadlineSeconds = 100 }, Instance, Plan), .. ToSoaking[1..]];
        var late = When(given, new TimePassed(), secondsLater: 100);
        Assert.Equal("deadline", Assert.IsType<EvacuationPaused>(Assert.Single(late)).By);
        Assert.Contains(When([.. given, .. late], new Resume(), secondsLater: 200), e => e is GuestStarted);
    }

    [Fact]
    public void A_new_plan_keeps_who_has_left_and_counts_tries_on()
    {
        var guests = ((Evacuation)Fold([.. ToTriedOnce, new EvacuationReplanned(Instance, Plan)])).Guests;
        Assert.Equal((1, GuestPhase.Waiting), (guests[First.Value].Try, guests[First.Value].Phase));
        guests = ((Evacuation)Fold([.. ToSoaking, new EvacuationReplanned(Instance, Plan)])).Guests;
        Assert.Equal(GuestPhase.Arrived, guests[First.Value].Phase);
    }

    [Fact]
    public void Everybody_who_waits_can_be_told_why() =>
        Assert.All(EvacuationStarts.Waiting((Evacuation)Fold(ToMoving), Noon), w => Assert.Equal("wave 1 goes first", w.Why));
}
