using Coordinator.Domain.Evacuations;
using Coordinator.Domain.Permits;
using Coordinator.Shared.Contracts.Evacuations;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;
using Simulator;
using Xunit.Abstractions;

namespace Simulation.Tests.Evacuations;

/// <summary>Evacuations by the production machines in whole clusters, with what people and faults do to them. Audited from the log: see <c>EvacuationChecks</c>.</summary>
public sealed class EvacuatedClusters(ITestOutputHelper output)
{
    private static readonly int Seeds = Environment.GetEnvironmentVariable("LM_FULL") == "1" ? 5_000 : 200;

    /// <summary>Over all seeds each of these must have happened, else nothing was shown about it.</summary>
    private static readonly string[] Sometimes =
    [
        "evacuation Completed", "evacuation Incomplete", "evacuation Aborted", "evacuation paused by operator", "evacuation paused by budget", "evacuation paused by deadline",
        "PauseEvacuation: accepted", "ResumeEvacuation: accepted", "AbortEvacuation: accepted", "RetryFailed: accepted", "FailedRetried", "GuestArrived", "GuestFailed", "takeover", "zombie fenced",
    ];

    private static readonly FaultTable NoFaults = new();

    private static readonly SimOptions Calm = SimOptions.Default with
    {
        Network = NoFaults, Agent = NoFaults, Coordinator = NoFaults, Store = NoFaults, TransferBroken = 0, TransferCorrupted = 0, IncomingFailed = 0, GuestFailed = 0, Reboot = 0, Destroyed = 0,
        AtGrant = NoFaults, GivesUp = 0, Cut = 0, Stopped = 0, DiskFull = 0, ShardsTaken = 0, Regressed = 0, ClockRate = 0, ClockJump = 0, GuestKilled = 0, Requests = 0, Conformance = false,
    };

    [Fact]
    public void Whatever_fails_and_whenever_people_pause_resume_and_abort_caps_hold_nobody_starts_twice_and_every_evacuation_ends_without_residue()
    {
        Counts seen = new();
        for (var seed = 1UL; seed <= (ulong)Seeds; seed++)
        {
            var result = new SimWorld(seed, SimOptions.Default with { Evacuations = 3, Requests = 8 }).Run();
            Assert.True(result.Violations.Count == 0, $"seed {seed}: {string.Join("; ", result.Violations)}");
            seen.Add(result.Seen);
        }

        var orders = seen["PauseEvacuation: accepted"] + seen["ResumeEvacuation: accepted"] + seen["AbortEvacuation: accepted"];
        output.WriteLine($"{Seeds} seeds, {seen["evacuation asked for: accepted"]} evacuations, {orders} orders to pause, resume or abort, {seen["GuestArrived"]} guests arrived");
        Assert.All(Sometimes, what => Assert.True(seen[what] > 0, $"'{what}' never happened"));
        Assert.True(orders >= 200, $"only {orders} orders");
    }

    [Fact]
    public void A_campaign_of_1500_guests_with_passing_failures_empties_its_hosts()
    {
        // Given twelve hosts with 1,500 guests, and one in a hundred migrations breaks: at its receiver, or under way
        var world = Campaign(new EvacuationSpec(Half, new PlanCaps(48, 4, 4), Canary: 5, SoakSeconds: 5, WaveSize: 500, FailureBudget: 5), guests: 1_500, incomingFailed: 5, broken: 2);

        // When they are emptied
        var result = world.Run();

        // Then at least 99.7 % arrive, each migration within five minutes, the rest is named.
        var run = Assert.Single(world.Evacuations);
        output.WriteLine($"{run.Outcome}: {run.Counts}; {result.Faults.Total} failures put in; {(run.EndedAt - run.StartedAt)?.TotalSeconds:0} s");
        Assert.Empty(result.Violations);
        Assert.Equal(1_500, run.Counts.All);
        Assert.True(run.Counts.Arrived >= 0.997 * 1_500, run.Counts.ToString());
        Assert.True(result.Faults.Total >= 10, $"only {result.Faults.Total} failures were put in");
    }

    [Fact]
    public void A_bad_campaign_is_stopped_by_its_budget_within_one_wave()
    {
        // Given a campaign whose migrations all fail, and a budget of three guests
        var world = Campaign(new EvacuationSpec(Half, new PlanCaps(16, 4, 4), Canary: 0, WaveSize: 50, FailureBudget: 3), guests: 300, incomingFailed: 0, broken: 1_000);

        // When it runs
        var result = world.Run();

        // Then the first wave is the last one, and what had not been started stays where it was.
        var run = Assert.Single(world.Evacuations);
        Assert.Empty(result.Violations);
        Assert.Equal((EvacuationOutcome.Aborted, 1), (run.Outcome!.Value, run.Wave));
        Assert.Equal(1, result.Seen["evacuation paused by budget"]);
        Assert.Equal(0, run.Counts.Arrived);
        Assert.True(run.Guests.Values.Count(g => g.Try > 0) <= 50);
    }

    private static readonly HostId[] Half = [.. Enumerable.Range(0, 12).Select(n => new HostId($"host-{(char)('a' + n)}"))];

    private static SimWorld Campaign(EvacuationSpec spec, int guests, int incomingFailed, int broken) => new(1, Calm with
    {
        Hosts = 24, Vms = guests, Shards = 16, PlacedOn = 12, GuestMemory = ByteCount.FromMebi(2), Permits = new PermitLimits(64, 4, 4), Campaign = spec, IncomingFailed = incomingFailed, TransferBroken = broken,
        FaultsUntil = TimeSpan.FromMinutes(6), Horizon = TimeSpan.FromMinutes(40), Json = false,
    });
}
