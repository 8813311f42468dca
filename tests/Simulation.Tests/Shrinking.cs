using Simulator;

namespace Simulation.Tests;

/// <summary>A failing seed is reduced to few faults, and those alone still make it fail.</summary>
public sealed class Shrinking
{
    private sealed class RefusesInSilence : Mutation
    {
        // A destination that has refused forgets to write it down.
        public override bool Keeps(SimHost host, HostNode.Agent.Machine.JournalRecord record) => record is not HostNode.Agent.Machine.AttemptOwned;
    }

    [Fact]
    public void A_violation_is_kept_and_most_faults_are_not()
    {
        var options = SimOptions.Default with { Mutation = new RefusesInSilence() };
        var failing = Enumerable.Range(1, 200).Select(seed => new SimWorld((ulong)seed, options).Run()).First(r => r.Violations.Count > 0);
        var few = Shrink.Of(failing.Seed, options, [.. failing.Happened.Select(f => f.Name)], failing.Violations[0]);
        Assert.True(few.Count < failing.Happened.Count / 2, $"{few.Count} of {failing.Happened.Count} faults are left");
        Assert.NotEmpty(new SimWorld(failing.Seed, options with { Keep = few.ToHashSet() }).Run().Violations);
    }
}
