using System.Text;
using System.Text.Json;
using Coordinator.Application.Events;
using Coordinator.Domain.Evacuations;

namespace Domain.Tests.Evacuations;

/// <summary>Names what each state of an evacuation does with each input, as <c>EveryStateAndInput</c> does for migrations. LM_REWRITE=1 writes the table.</summary>
public sealed class EveryEvacuationAndInput
{
    [Fact]
    public void Every_pair_of_state_and_input_is_named_in_the_table()
    {
        var actual = new StringBuilder();
        foreach (var (state, s) in EvacuationSamples.States())
        {
            actual.Append("== ").AppendLine(state);
            foreach (var (input, i) in EvacuationSamples.Inputs()) actual.Append(input.PadRight(42)).Append(" -> ").AppendLine(Said(EvacuationDecider.Decide(s, i, EvacuationSamples.Noon)));
        }

        Expectation.Check("Evacuations/evacuation-table.expect", actual.ToString());
    }

    [Fact]
    public void Every_state_but_the_first_and_the_last_has_a_deadline()
    {
        foreach (var (name, state) in EvacuationSamples.States())
            Assert.True(EvacuationDeadlines.Of(state) is not null == (state is Evacuation { Phase: not EvacuationPhase.Closed }), name);
    }

    [Fact]
    public void No_phase_and_no_input_is_missing_from_the_table()
    {
        Assert.Equal([.. Enum.GetValues<EvacuationPhase>()], EvacuationSamples.States().Select(s => s.State).OfType<Evacuation>().Select(s => s.Phase).Distinct().Order());
        var inputs = typeof(EvacuationInput).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(EvacuationInput))).ToHashSet();
        Assert.Equal(inputs, EvacuationSamples.Inputs().Select(s => s.Input.GetType()).ToHashSet());
    }

    [Fact]
    public void What_is_asked_of_other_shards_is_named_in_the_table()
    {
        var actual = new StringBuilder();
        foreach (var (name, state) in EvacuationSamples.States())
            actual.Append(name.PadRight(36)).Append(" -> ").AppendLine(string.Join("; ", EvacuationObligations.Pending(state).Select(a => $"{a.Verb} {a.Guest?.Vm.Value ?? a.Host.Value}")));
        Expectation.Check("Evacuations/evacuation-asks.expect", actual.ToString());
    }

    [Fact]
    public void A_state_kept_as_a_snapshot_decides_as_before()
    {
        foreach (var (name, state) in EvacuationSamples.States())
        {
            var json = JsonSerializer.Serialize(state, DomainJson.Default.EvacuationState);
            var read = JsonSerializer.Deserialize(json, DomainJson.Default.EvacuationState)!;
            Assert.Equal(json, JsonSerializer.Serialize(read, DomainJson.Default.EvacuationState));
            foreach (var (input, i) in EvacuationSamples.Inputs())
                Assert.True(Said(EvacuationDecider.Decide(state, i, EvacuationSamples.Noon)) == Said(EvacuationDecider.Decide(read, i, EvacuationSamples.Noon)), $"{name}: {input}");
        }
    }

    private static string Said(Coordinator.Domain.Decision<EvacuationEvent> decision) => decision switch
    {
        { Refusal: { } refusal } => "refused " + refusal.Code,
        { Events.Count: 0 } => "nothing",
        _ => string.Join(", ", decision.Events.Select(Name)),
    };

    private static string Name(EvacuationEvent e) => e switch
    {
        EvacuationPaused p => $"EvacuationPaused({p.By})",
        GuestStarted g => $"GuestStarted({g.Vm}/{g.Try})",
        GuestFollowed g => $"GuestFollowed({g.Vm}/{g.Try}{(g.Migration is null ? ", elsewhere" : "")})",
        GuestFailed g => $"GuestFailed({g.Vm}/{g.Try} {g.Code}{(g.Final ? ", final" : "")})",
        WaveOpened w => $"WaveOpened({w.Wave})",
        EvacuationEnded x => $"EvacuationEnded({x.Outcome}, {x.Stays.Count} stay)",
        _ => e.GetType().Name,
    };
}
