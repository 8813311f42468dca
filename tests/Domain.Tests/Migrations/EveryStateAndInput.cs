using System.Text;
using Coordinator.Domain.Migrations;

namespace Domain.Tests.Migrations;

/// <summary>
/// Names what each state does with each input. The table is the specification of the decider: a change of behaviour is a change of
/// <c>migration-table.expect</c>, rewritten with LM_REWRITE=1 and committed only if every changed line can be explained.
/// </summary>
public sealed class EveryStateAndInput
{
    [Fact]
    public void Every_pair_of_state_and_input_is_named_in_the_table()
    {
        var actual = new StringBuilder();
        foreach (var (state, s) in Samples.States())
        {
            actual.Append("== ").AppendLine(state);
            foreach (var (input, i) in Samples.Inputs()) actual.Append(input.PadRight(42)).Append(" -> ").AppendLine(Said(MigrationDecider.Decide(s, i)));
        }

        Expectation.Check("Migrations/migration-table.expect", actual.ToString());
    }

    [Fact]
    public void Every_state_but_the_first_and_the_last_has_a_deadline()
    {
        foreach (var (name, state) in Samples.States())
            Assert.True(MigrationDeadlines.Of(state) is not null == (state is not (NotRequested or Closed)), name);
    }

    [Fact]
    public void Every_order_of_every_state_is_named_in_the_table()
    {
        var actual = new StringBuilder();
        foreach (var (name, state) in Samples.States())
        {
            var orders = MigrationOrders.Pending(state).Select(o => $"{o.Host}: {o.Order.GetType().Name} #{o.Order.Number}");
            var claims = MigrationObligations.Pending(state).Select(c => c.Verb.ToString());
            actual.Append(name.PadRight(28)).Append(" -> ").AppendLine(string.Join("; ", orders.Concat(claims)));
        }

        Expectation.Check("Migrations/migration-orders.expect", actual.ToString());
    }

    [Fact]
    public void The_key_of_an_order_changes_exactly_when_the_order_does()
    {
        foreach (var role in Enum.GetValues<Coordinator.Shared.Contracts.MigrationRole>())
        {
            foreach (var (before, b) in Samples.States())
            {
                foreach (var (after, a) in Samples.States())
                {
                    var (had, has) = (Numberless(b, role), Numberless(a, role));
                    Assert.True((MigrationOrders.Key(a, role) == 0) == (has is null), after);
                    if (had is not null && has is not null && had.GetType() != has.GetType()) Assert.True(MigrationOrders.Key(b, role) != MigrationOrders.Key(a, role), $"{role}: {before} and {after}");
                }
            }
        }
    }

    private static Coordinator.Shared.Contracts.MigrationOrder? Numberless(MigrationState state, Coordinator.Shared.Contracts.MigrationRole role) =>
        MigrationOrders.For(state, role) is { } order ? order with { Number = 0 } : null;

    [Fact]
    public void No_state_of_the_closed_family_is_missing_from_the_table()
    {
        var all = typeof(MigrationState).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MigrationState)) && !t.IsAbstract).ToHashSet();
        Assert.Equal(all, Samples.States().Select(s => s.State.GetType()).ToHashSet());
        var inputs = typeof(MigrationInput).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(MigrationInput)) && !t.IsAbstract).ToHashSet();
        Assert.Equal(inputs, Samples.Inputs().Select(s => s.Input.GetType()).ToHashSet());
    }

    private static string Said(Coordinator.Domain.Decision<MigrationEvent> decision) => decision switch
    {
        { Refusal: { } refusal } => "refused " + refusal.Code,
        { Events.Count: 0 } => "nothing",
        _ => string.Join(", ", decision.Events.Select(Name)),
    };

    private static string Name(MigrationEvent e) => e switch
    {
        MigrationAborted a => $"MigrationAborted({a.Code})",
        MigrationClosed c => $"MigrationClosed({c.Outcome})",
        _ => e.GetType().Name,
    };
}
