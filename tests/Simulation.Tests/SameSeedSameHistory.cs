using System.Globalization;
using Simulator;

namespace Simulation.Tests;

/// <summary>A seed is a history: the same in one process twice, in another process, in Debug and in Release.</summary>
public sealed class SameSeedSameHistory
{
    private static readonly bool Full = Environment.GetEnvironmentVariable("LM_FULL") == "1";

    /// <summary>Short runs: a thousand of them are affordable twice.</summary>
    private static readonly SimOptions Short = SimOptions.Default with { Requests = 8, Vms = 4, FaultsUntil = TimeSpan.FromSeconds(8) };

    [Fact]
    public void A_thousand_seeds_give_the_same_histories_in_one_process_twice()
    {
        for (var seed = 1UL; seed <= 1_000; seed++) Assert.Equal(new SimWorld(seed, Short).Run().TraceHash, new SimWorld(seed, Short).Run().TraceHash);
    }

    [Fact]
    public void Processes_agree_in_Debug_and_in_Release()
    {
        var seeds = Full ? 1_000 : 100;
        var hash = 0UL;
        for (var seed = 1UL; seed <= (ulong)seeds; seed++) hash = (hash * 31) + new SimWorld(seed, SimOptions.Default).Run().TraceHash;
        var here = hash.ToString("x16", CultureInfo.InvariantCulture);
        Assert.Equal(here, (string?)SimulatorProcess.Run("Release", "--seeds", $"{seeds}")["traceHash"]);
        Assert.Equal(here, (string?)SimulatorProcess.Run("Debug", "--seeds", $"{seeds}")["traceHash"]);
    }

    [Fact]
    public void Two_seeds_give_two_histories() => Assert.NotEqual(new SimWorld(1, Short).Run().TraceHash, new SimWorld(2, Short).Run().TraceHash);

    [Fact]
    public void Whether_messages_go_through_JSON_changes_nothing()
    {
        for (var seed = 1UL; seed <= 40; seed++)
            Assert.Equal(new SimWorld(seed, Short with { Json = false }).Run().TraceHash, new SimWorld(seed, Short with { Json = true }).Run().TraceHash);
    }

    [Fact]
    public void A_fault_that_is_left_out_changes_no_answer_before_it()
    {
        // Given all faults of a seed but the last one, the run is the same up to there.
        for (var seed = 1UL; seed <= 20; seed++)
        {
            var whole = new SimWorld(seed, Short).Run();
            var kept = whole.Happened.SkipLast(1).Select(f => f.Name).ToHashSet();
            var less = new SimWorld(seed, Short with { Keep = kept }).Run();
            Assert.Equal(whole.Happened.SkipLast(1), less.Happened.Take(whole.Happened.Count - 1));
        }
    }
}
