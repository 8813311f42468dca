using Cluster.Tests.Given;

namespace Cluster.Tests;

/// <summary>The judge itself: a check that cannot fail proves nothing.</summary>
public sealed class WitnessTests
{
    [Fact]
    public void A_guest_that_moves_without_a_loss_is_clean() =>
        Assert.Equal(new Witness.Verdict(4, 0, 0, 0), Witness.Judge([new(1, "a", 1), new(1, "a", 2), new(2, "b", 3), new(2, "b", 4)]));

    [Fact]
    public void Two_hosts_that_speak_in_turns_are_two_writers() =>
        Assert.Equal(1, Witness.Judge([new(1, "a", 1), new(2, "b", 2), new(1, "a", 3)]).DoubleWriters);

    [Fact]
    public void A_counter_that_was_never_told_is_a_gap() => Assert.Equal(1, Witness.Judge([new(1, "a", 1), new(2, "b", 3)]).Gaps);

    [Fact]
    public void A_counter_told_twice_is_a_rollback() => Assert.Equal(1, Witness.Judge([new(1, "a", 1), new(1, "a", 2), new(2, "b", 2)]).Rollbacks);
}
