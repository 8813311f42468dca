using Simulator;

namespace Simulation.Tests;

/// <summary>
/// The production machines of a whole cluster under faults, many seeds. A failure names its seed: <c>./dev simulate --from SEED --seeds 1 --trace</c>
/// writes the timeline.
/// </summary>
public sealed class WholeClusters
{
    private static readonly int Seeds = Environment.GetEnvironmentVariable("LM_FULL") == "1" ? 20_000 : 400;

    [Fact]
    public void No_seed_runs_a_guest_twice_loses_one_or_leaves_a_request_open()
    {
        var counts = new Counts();
        List<string> failures = [];
        long migrations = 0;
        for (var seed = 1UL; seed <= (ulong)Seeds; seed++)
        {
            var result = new SimWorld(seed, new SimOptions()).Run();
            counts.Add(result.Counts);
            migrations += result.Migrations;
            if (result.Violations.Count > 0) failures.Add($"seed {seed}: {string.Join(" | ", result.Violations.Take(3))}");
        }

        Assert.True(failures.Count == 0, string.Join(Environment.NewLine, failures));
        Assert.True(migrations > Seeds, $"only {migrations} migrations in {Seeds} seeds: the simulator has become too kind");

        // Sometimes: over all seeds each of these must have happened, else nothing was shown.
        string[] sometimes =
        [
            "MigrationCompleted", "MigrationAborted", "MigrationCancelling", "SourceAskedRefusal", "agent killed before fsync", "agent killed after fsync",
            "coordinator killed", "zombie fenced", "host lost", "link cut", "message dropped", "message repeated", "message delayed",
        ];
        Assert.All(sometimes, what => Assert.True(counts[what] > 0, $"'{what}' never happened"));
    }

    [Fact]
    public void The_same_seed_gives_the_same_history()
    {
        for (var seed = 1UL; seed <= 40; seed++)
            Assert.Equal(new SimWorld(seed, new SimOptions()).Run().TraceHash, new SimWorld(seed, new SimOptions()).Run().TraceHash);
    }

    [Fact]
    public void Two_seeds_give_two_histories() => Assert.NotEqual(new SimWorld(1, new SimOptions()).Run().TraceHash, new SimWorld(2, new SimOptions()).Run().TraceHash);
}
