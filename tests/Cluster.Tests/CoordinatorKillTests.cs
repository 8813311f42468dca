using Cluster.Tests.Given;
using Coordinator.Application.Node;
using HostNode.Hypervisors.Fake;

namespace Cluster.Tests;

/// <summary>
/// kill -9 of the coordinator at each of its failpoints (hand-off 2.4, column C): a new process on the same store goes on with the same
/// migration, nothing is sent twice, exactly one terminal event, and both hosts are clean.
/// </summary>
public sealed class CoordinatorKillTests(TwoHosts hosts) : IClassFixture<TwoHosts>
{
    private readonly ClusterUnderTest _cluster = hosts.Cluster;

    // The protocol's steps, in the order in which they come.
    private static readonly string[] Always =
    [
        "before-commit:MigrationRequested", "after-commit:MigrationRequested", "after-send:Precheck", "after-commit:PrecheckPassed", "after-commit:PermitGranted",
        "after-commit:PermitObtained", "after-commit:CapacityClaimed", "before-commit:MigrationStarted", "after-commit:MigrationStarted", "after-send:PrepareIn",
        "before-commit:DestinationPrepared", "after-commit:DestinationPrepared", "after-send:MigrateOut", "before-commit:SwitchoverGranted", "after-commit:SwitchoverGranted",
        "after-send:SwitchOver", "before-commit:CommitSeen", "before-commit:MigrationCompleted", "after-commit:MigrationCompleted", "before-commit:SourceReleased",
        "after-commit:ClaimReturned", "after-commit:MigrationClosed", "after-commit:MigrationCancelling", "after-send:GiveBack", "before-commit:MigrationAborted",
        "after-commit:MigrationAborted", "after-send:AbortOut",
    ];

    // Passed only when a machine is given up: see WrittenOffTests.
    private static readonly string[] Elsewhere = ["HostDeclaredLost", "MigrationHeld", "HeldResolved"];

    public static TheoryData<string, bool> Points()
    {
        var data = new TheoryData<string, bool>();
        foreach (var point in Matrix.IsFull ? CoordinatorFailpoints.All.Where(point => !Elsewhere.Contains(point.Split(':')[1])) : Always)
        {
            data.Add(point, false);
            if (Matrix.IsFull && Story.Of(point) == Story.Completes) data.Add(point, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task A_coordinator_killed_there_is_followed_by_one_that_goes_on(string point, bool native)
    {
        var story = Story.Of(point);
        _cluster.Script(story.Script);
        var move = native ? await Move.OfNativeGuestAsync(_cluster) : await Move.OfFakeGuestAsync(_cluster);
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator(point);
        await _cluster.ReadyAsync();

        var told = TellAsync(move, story);
        await _cluster.DiedAsync("coordinator");
        _cluster.StartCoordinator();
        await told;

        var migration = await move.SettledAsync();
        Assert.Equal(story.Outcome, migration.Status.Outcome);
        if (story == Story.Completes) Assert.Equal(0, migration.Status.Resent?.Value);
        Assert.Equal(move.Id, migration.Metadata.Name);
    }

    private static async Task TellAsync(Move move, Story story)
    {
        await move.BeginAsync();
        if (story.CancelsAfter is null) return;
        await move.HappenedAsync(story.CancelsAfter);
        await move.CancelAsync();
    }

    /// <summary>What has to happen for a place to be passed.</summary>
    private sealed record Story(string Outcome, string? CancelsAfter, FakeScript Script)
    {
        public static readonly Story Completes = new("Completed", null, new FakeScript());

        // The forecast never comes within the limit, so that it is the person who ends it.
        private static readonly Story CancelledInPreCopy = new("Aborted", "PreCopyRoundCompleted", new FakeScript { Rounds = 0 });

        // The last bytes take so long that the source can still give the grant back.
        private static readonly Story CancelledAfterGrant = new("Aborted", "IntentSeen", new FakeScript { FinalMs = 30_000 });

        public static Story Of(string point) => point.Split(':')[1] switch
        {
            "MigrationCancelling" or "GiveBack" => CancelledAfterGrant,
            "MigrationAborted" or "SourceRejected" or "DestinationRefused" or "AbortOut" or "RefuseIn" => CancelledInPreCopy,
            _ => Completes,
        };
    }
}
