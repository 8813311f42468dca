using Coordinator.Domain.Migrations;
using FsCheck;
using FsCheck.Fluent;

namespace Domain.Tests.Migrations;

/// <summary>Any order, loss and repetition of inputs keeps what the decider promises by itself.</summary>
public sealed class MigrationProperties
{
    private static readonly MigrationInput[] Alphabet = [.. Samples.Inputs().Select(i => i.Input)];

    private static Arbitrary<int[]> Scripts() => Gen.Choose(0, Alphabet.Length - 1).ArrayOf(60).ToArbitrary();

    private static List<MigrationEvent> Run(int[] script, bool repeat)
    {
        MigrationState state = NotRequested.Instance;
        List<MigrationEvent> history = [];
        // A useful share of the scripts must get past the grant, so they begin with the regular way there.
        foreach (var e in script.Length > 0 && script[0] % 3 != 0 ? Samples.ToGranted[..(1 + (script[0] % Samples.ToGranted.Length))] : [])
        {
            history.Add(e);
            state = MigrationEvolution.Evolve(state, e, history.Count, Samples.Noon);
        }

        foreach (var index in script)
        {
            for (var times = 0; times < (repeat ? 2 : 1); times++)
            {
                foreach (var e in MigrationDecider.Decide(state, Alphabet[index]).Events)
                {
                    history.Add(e);
                    state = MigrationEvolution.Evolve(state, e, history.Count, Samples.Noon);
                }
            }
        }

        return history;
    }

    private static bool IsTerminal(MigrationEvent e) => e is MigrationCompleted or MigrationAborted or MigrationLost or MigrationHeld;

    // What was decided after a cut in the history is not known, so it may have been the grant.
    private static bool MayBeGranted(MigrationEvent e) => e is SwitchoverGranted or HistoryCut;

    private static void Holds(Func<List<MigrationEvent>, bool> property) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(2_000), Prop.ForAll(Scripts(), script => property(Run(script, repeat: false)) && property(Run(script, repeat: true))));

    [Fact]
    public void S4_there_is_at_most_one_terminal_event() => Holds(h => h.Count(IsTerminal) <= 1);

    [Fact]
    public void S5_closed_follows_a_terminal_event_and_nothing_follows_closed() =>
        Holds(h => h.FindIndex(e => e is MigrationClosed) is var at && (at < 0 || (at == h.Count - 1 && h.Take(at).Any(IsTerminal))));

    [Fact]
    public void The_grant_is_given_at_most_once() => Holds(h => h.Count(e => e is SwitchoverGranted) <= 1);

    [Fact]
    public void After_the_grant_only_a_hosts_word_or_a_written_off_host_ends_it() => Holds(h =>
    {
        var grant = h.FindIndex(MayBeGranted);
        if (grant < 0) return true;
        var end = h.FindIndex(grant, IsTerminal);
        return end < 0 || h[end] is MigrationCompleted or MigrationHeld or MigrationLost or MigrationAborted { Word: not null };
    });

    [Fact]
    public void Completed_needs_the_grant() => Holds(h => h.FindIndex(e => e is MigrationCompleted) is var at && (at < 0 || h.Take(at).Any(MayBeGranted)));

    [Fact]
    public void Going_forward_needs_the_source_to_be_off() =>
        Holds(h => h.FindIndex(e => e is WentForward) is var at && (at < 0 || h.Take(at).Any(e => e is SourceHostLost or ParticipantWrittenOff)));

    [Fact]
    public void Held_needs_a_source_that_holds_and_a_destination_that_is_off() =>
        Holds(h => h.FindIndex(e => e is MigrationHeld) is var at && (at < 0 || (h.Take(at).Any(e => e is SourceHeld) && h.Take(at).Any(e => e is ParticipantWrittenOff))));

    [Fact]
    public void Order_numbers_never_fall() => Holds(h =>
    {
        MigrationState state = NotRequested.Instance;
        for (var i = 0; i < h.Count; i++)
        {
            var next = MigrationEvolution.Evolve(state, h[i], i + 1, Samples.Noon);
            if (next is not Closed && (next.SourceOrderNumber < state.SourceOrderNumber || next.DestinationOrderNumber < state.DestinationOrderNumber)) return false;
            state = next;
        }

        return true;
    });
}
