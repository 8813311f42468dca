using System.Text.Json.Nodes;
using Simulator;
using Xunit.Abstractions;

namespace Simulation.Tests;

/// <summary>
/// The production machines of whole clusters under faults, at a volume that no real cluster reaches. A failure names its seed, the few
/// faults that are enough, and the command that replays it.
/// </summary>
public sealed class WholeClusters(ITestOutputHelper output)
{
    private static readonly int Seeds = Environment.GetEnvironmentVariable("LM_FULL") == "1" ? 60_000 : 10_000;

    /// <summary>Over all seeds each of these must have happened, else nothing was shown about it.</summary>
    private static readonly string[] Sometimes =
    [
        "MigrationCompleted", "MigrationAborted", "MigrationLost", "MigrationHeld", "HeldResolved", "resolved: resumeSource", "resolved: restartFromDisk", "WentForward",
        "MigrationCancelling", "SourceAskedRefusal", "SourceHeld", "SourceHostLost", "ParticipantWrittenOff", "takeover", "takeover between grant and intent", "zombie fenced",
        "rollback in stop-and-copy", "source resumed by itself", "late destination completion", "message overtaken",
        "cancelled by a person: accepted", "forced by a person: accepted", "refused vm.migrating",
    ];

    /// <summary>Each record of the journal must have been the one at which an agent died before, in and after its fsync.</summary>
    private static readonly string[] Records =
        ["AttemptBegun", "AttemptPrepared", "IntentJournaled", "AttemptOwned", "AttemptReleased", "AttemptRejected", "AttemptRefused", "Placed", "VmRan", "Started", "OrderSeen"];

    [Fact]
    public void No_seed_runs_a_guest_twice_loses_one_or_leaves_a_request_open()
    {
        var summary = SimulatorProcess.Run("Release", "--from", "1", "--seeds", $"{Seeds}");
        output.WriteLine($"{summary["seeds"]} seeds, {summary["migrations"]} migrations, {summary["migrationsPerMinute"]} a minute");
        Assert.True((long)summary["violations"]! == 0, (string?)summary["failures"]);
        Assert.True((long)summary["migrations"]! > 20 * Seeds, $"only {summary["migrations"]} migrations in {Seeds} seeds: the simulator has become too kind");
        Assert.All(Sometimes, what => Assert.True(Count(summary, "seen", what) > 0, $"'{what}' never happened"));
        Assert.All(Records, record => Assert.True(Count(summary, "seen", $"{Fault.AgentKilledBeforeFsync}: {record}") > 0, $"no agent died before {record} was durable"));
        Assert.All(Records, record => Assert.True(Count(summary, "seen", $"{Fault.AgentKilledAfterFsync}: {record}") > 0, $"no agent died after {record} was durable"));
        Assert.All(Fault.All, fault => Assert.True(Count(summary, "faults", fault) > 0, $"the fault '{fault}' never happened"));
    }

    private static long Count(JsonObject summary, string table, string what) => (long?)summary[table]![what] ?? 0;
}
