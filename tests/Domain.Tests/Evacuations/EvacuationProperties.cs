using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Migrations;
using Coordinator.Shared.Identity;
using FsCheck;
using FsCheck.Fluent;

namespace Domain.Tests.Evacuations;

/// <summary>Any order, loss and repetition of inputs keeps what an evacuation promises by itself.</summary>
public sealed class EvacuationProperties
{
    private static readonly string[] Guests = [.. EvacuationSamples.Plan.Moves.Select(m => m.Guest)];

    // A script is numbers; each becomes an input about a guest, some time after the one before.
    private static EvacuationInput InputOf(int n, Evacuation? s)
    {
        var guest = s?.Guests[Guests[n % Guests.Length]];
        var vm = new VmId(Guests[n % Guests.Length]);
        var attempt = Math.Max(0, (guest?.Try ?? 0) - ((n / 7) % 5 == 0 ? 1 : 0));
        var child = MigrationId.Create(7, EvacuationSamples.Noon, (attempt * 8) + (n % Guests.Length));
        return ((n / 4) % 20) switch
        {
            0 => new Pause("why not"),
            1 or 2 => new Resume(),
            3 => new Abort(StopRunning: n % 3 == 0),
            4 => new RetryFailures(),
            5 => new Replan(EvacuationSamples.Instance, EvacuationSamples.Plan),
            6 or 7 => new HostAnswered(EvacuationSamples.A, Uncordoned: n % 3 == 0),
            8 or 9 or 10 or 11 => new ChildDecided(vm, attempt, child, null),
            12 => new ChildDecided(vm, attempt, null, new Coordinator.Domain.Refusal(n % 3 == 0 ? "vm.migrating" : "vm.notRunning", "", "")),
            13 or 14 or 15 => new GuestTold(vm, new GuestNews(EvacuationSamples.B, false, false, child, MigrationOutcome.Completed, null, null, false), attempt),
            16 => new GuestTold(vm, new GuestNews(EvacuationSamples.A, false, false, child, MigrationOutcome.Aborted, "host.memory", "", n % 3 == 0), n % 5 == 0 ? null : attempt),
            17 => new GuestTold(vm, new GuestNews(EvacuationSamples.A, n % 9 == 0, n % 2 == 0, child, MigrationOutcome.Aborted, "deadline", "", false), attempt),
            _ => new TimePassed(),
        };
    }

    private static List<(EvacuationEvent Event, Evacuation After)> Run(int[] script, bool repeat)
    {
        var now = EvacuationSamples.Noon;
        EvacuationState state = NoEvacuation.Instance;
        List<(EvacuationEvent, Evacuation)> history = [];
        Take(new RequestEvacuation(EvacuationSamples.Id, EvacuationSamples.Spec, EvacuationSamples.Instance, EvacuationSamples.Plan));
        foreach (var n in script)
        {
            now += TimeSpan.FromSeconds(n % 13);
            var input = InputOf(n, state as Evacuation);
            for (var times = 0; times < (repeat ? 2 : 1); times++) Take(input);
        }

        return history;

        void Take(EvacuationInput input)
        {
            foreach (var e in EvacuationDecider.Decide(state, input, now).Events)
            {
                state = EvacuationEvolution.Evolve(state, e, history.Count + 1, now);
                history.Add((e, (Evacuation)state));
            }
        }
    }

    private static void Holds(Func<List<(EvacuationEvent Event, Evacuation After)>, bool> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1_000),
        Prop.ForAll(Gen.Choose(0, 9_999).ArrayOf(80).ToArbitrary(), script => property(Run(script, repeat: false)) && property(Run(script, repeat: true))));

    [Fact]
    public void A_try_of_a_guest_has_one_start_and_one_destination() =>
        Holds(h => h.Select(x => x.Event).OfType<GuestStarted>().GroupBy(e => (e.Vm, e.Try)).All(tries => tries.Count() == 1));

    [Fact]
    public void Caps_hold_after_every_event() => Holds(h => h.TrueForAll(x => x.After.Counts.UnderWay <= x.After.Caps.Global
        && x.After.Guests.Values.Where(g => g.IsUnderWay).GroupBy(g => g.Destination).All(to => to.Count() <= x.After.Caps.HostIn)
        && x.After.Guests.Values.Where(g => g.IsUnderWay).GroupBy(g => g.Source).All(from => from.Count() <= x.After.Caps.HostOut)));

    [Fact]
    public void Nobody_starts_while_it_is_paused_aborting_or_over() => Holds(h => h.TrueForAll(x => x.Event is not GuestStarted || x.After.Phase == EvacuationPhase.Running));

    [Fact]
    public void Counters_are_folds_of_the_guests() => Holds(h => h.TrueForAll(x =>
        x.After.Guests.Values.Aggregate(new EvacuationCounts(), (counts, g) => counts.With(g.Phase, 1)) == x.After.Counts
        && x.After.Unsettled.All(w => w.Value == x.After.Guests.Values.Count(g => g.Wave == w.Key && !g.IsSettled))));

    [Fact]
    public void It_ends_once_and_nothing_follows_closed() => Holds(h =>
        h.Count(x => x.Event is EvacuationEnded) <= 1 && h.FindIndex(x => x.Event is EvacuationClosed) is var at && (at < 0 || (at == h.Count - 1 && h.Exists(x => x.Event is EvacuationEnded))));

    [Fact]
    public void It_ends_only_with_nobody_under_way_and_is_completed_only_when_all_have_left() => Holds(h => h.TrueForAll(x => x.Event is not EvacuationEnded e
        || (x.After.Counts.UnderWay == 0 && (e.Outcome != EvacuationOutcome.Completed || x.After.Counts.Arrived == x.After.Counts.All))));

    [Fact]
    public void A_guest_starts_only_once_the_hosts_are_cordoned_and_its_wave_is_open() => Holds(h => h.TrueForAll(x => x.Event is not GuestStarted e
        || (e.Wave <= x.After.Wave && x.After.Hosts.Values.All(c => c == HostCordon.Set))));

    [Fact]
    public void One_failure_more_than_the_budget_allows_stops_new_starts_in_the_same_decision() => Holds(h =>
    {
        for (var i = 0; i + 1 < h.Count; i++)
        {
            if (h[i] is { Event: GuestFailed { Final: true }, After: { Phase: EvacuationPhase.Running, Spent: > 0 } } && h[i + 1].Event is not EvacuationPaused { By: "budget" }) return false;
        }

        return true;
    });
}
