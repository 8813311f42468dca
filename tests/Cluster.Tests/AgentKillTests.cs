using Cluster.Tests.Given;
using HostNode.Agent.Loop;
using HostNode.Hypervisors.Fake;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>
/// kill -9 of an agent at its failpoints, in both parts of a migration, through the whole product (hand-off 2.4, columns S and D). The
/// agents' own matrix plays the coordinator; here the real one must draw the right conclusion, try again where it may, and close.
/// </summary>
public sealed class AgentKillTests(TwoHosts hosts, ITestOutputHelper output) : IClassFixture<TwoHosts>
{
    // A source promises to obey only the coordinator once a machine was given up: see WrittenOffTests.
    private static readonly string[] Elsewhere = ["before-persist:hold/source", "after-persist:hold/source"];

    public static TheoryData<string> Points() =>
        [.. Matrix.Of([.. Failpoints.All.Where(name => name.Contains('/', StringComparison.Ordinal)).Except(Elsewhere)], quick: 12)];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task An_agent_killed_there_comes_back_and_the_migration_is_settled(string point)
    {
        output.WriteLine(Matrix.Told);
        await using var own = IsPassedAtEachStart(point) ? await ClusterUnderTest.StartAsync() : null;
        var cluster = own ?? hosts.Cluster;
        foreach (var host in cluster.Hosts.Where(cluster.HasEnded)) cluster.StartAgent(host);
        var story = Story.Of(point);
        cluster.Script(story.Script);
        var move = await Move.OfFakeGuestAsync(cluster);
        var (armed, other) = point.EndsWith("/source", StringComparison.Ordinal) ? (move.Source, move.Destination) : (move.Destination, move.Source);
        Restart(cluster, armed, point);
        if (story.OtherDiesAt is not null) Restart(cluster, other, story.OtherDiesAt);
        await cluster.ReadyAsync();

        await move.BeginAsync();
        if (story.Cancels)
        {
            await move.HappenedAsync("PreCopyRoundCompleted");
            await move.CancelAsync();
        }

        if (story.OtherDiesAt is not null)
        {
            await cluster.DiedAsync(other);
            cluster.StartAgent(other);
        }

        await cluster.DiedAsync(armed);
        cluster.StartAgent(armed);
        var last = await move.SettledAsync();
        var first = await cluster.Client.MigrationAsync(move.Id);
        if (story.Expected is { } expected) Assert.Equal(expected, first.Status.Outcome);
        if (story.MustAbort) Assert.Equal("Aborted", last.Status.Outcome);
    }

    // An agent gives its last words on earlier migrations again when it starts: where there were any, it would die of those.
    private static bool IsPassedAtEachStart(string point) =>
        point.Split(':', '/') is [_, "Rejected" or "Released", "source"] or [_, "Refused" or "Owned", "destination"];

    private static void Restart(ClusterUnderTest cluster, string host, string failpoint)
    {
        cluster.Kill(host);
        cluster.StartAgent(host, failpoint);
    }

    /// <summary>What must happen for a failpoint to be passed, and how the first attempt ends; null where the table leaves it to the moment.</summary>
    private sealed record Story(string? Expected, bool Cancels = false, string? OtherDiesAt = null)
    {
        public FakeScript Script { get; init; } = new();

        public bool MustAbort => Cancels || Script.FailFinal is not null;

        public static Story Of(string point) => point.Split(':', '/') switch
        {
            [_, "PeerRefuse" or "PeerRefused", "destination"] => new Story(null, OtherDiesAt: "on-input:OutgoingCompleted/source"),
            [_, "RunGuest", "source"] => new Story("Aborted") { Script = new FakeScript { FailFinal = "scripted fault after the pause" } },
            [_, "AbortOut" or "AbortOutgoing" or "rejected" or "Rejected", "source"] => Cancelled,
            [_, "RefuseIn" or "DestroyGuest" or "refused" or "Refused", "destination"] => Cancelled,
            // Before INTENT nothing was promised: the same transfer goes on.
            ["before-persist", "intent", "source"] => new Story("Completed"),
            [_, "begun" or "StartOutgoing" or "OutgoingRound" or "SwitchoverReady" or "SwitchOver", "source"] => new Story("Completed"),
            // INTENT, and COMMIT certainly not sent: the source keeps the guest.
            [_, "intent" or "StopAndCopy" or "OutgoingPaused" or "OutgoingCompleted", "source"] or ["before-send", "PeerCommit", "source"] => new Story("Aborted"),
            [_, "PeerOwned" or "released" or "Released" or "DestroyGuest", "source"] => new Story("Completed"),
            // COMMIT has arrived: it is said again until it is on disk.
            [_, "PeerCommit" or "owned" or "RunGuest" or "GuestRunning" or "vmRan" or "PeerOwned" or "Owned", "destination"] => new Story("Completed"),
            _ => new Story((string?)null),
        };

        private static readonly Story Cancelled = new("Aborted", Cancels: true) { Script = new FakeScript { Rounds = 0 } };
    }
}
