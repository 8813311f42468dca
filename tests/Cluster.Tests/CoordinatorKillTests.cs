using Cluster.Tests.Given;
using Coordinator.Application.Node;
using Coordinator.Shared.Contracts;
using HostNode.Hypervisors.Fake;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>
/// kill -9 of the coordinator at each of its failpoints (hand-off 2.4, column C): a new process on the same store goes on with the same
/// migration, nothing is sent twice, exactly one terminal event, and both hosts are clean.
/// </summary>
public sealed class CoordinatorKillTests(TwoHosts hosts, ITestOutputHelper output) : IClassFixture<TwoHosts>
{
    private readonly ClusterUnderTest _cluster = hosts.Cluster;

    // Which of both hosts is heard first is a matter of the moment: these are not passed by every migration, and never counted on.
    private static readonly string[] NotByAll = ["SourceReleased", "IntentSeen", "Release"];

    // Passed only when a machine is given up: see WrittenOffTests.
    private static readonly string[] Elsewhere = ["HostDeclaredLost", "MigrationHeld", "HeldResolved"];

    // The last come first: a process that was started for one migration and armed for the next should not meet its place in what is left
    // of the one in hand.
    private static IReadOnlyList<string> Every => [.. CoordinatorFailpoints.All.Where(point => !Elsewhere.Contains(point.Split(':')[1])).Reverse()];

    /// <summary>Places of one story, a few at a time, over the fake driver; with LM_FULL=1 all of them, and over real memory too.</summary>
    public static TheoryData<string[], bool> Chains()
    {
        var data = new TheoryData<string[], bool>();
        foreach (var chain in Matrix.Of(Every, quick: 24).GroupBy(point => Story.Of(point)).SelectMany(story => story.Chunk(6)))
        {
            data.Add(chain, false);
            if (Matrix.IsFull && Story.Of(chain[0]) == Story.Completes) data.Add(chain, true);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Chains))]
    public async Task A_coordinator_killed_there_is_followed_by_one_that_goes_on(string[] points, bool native)
    {
        output.WriteLine(Matrix.Told);
        var story = Story.Of(points[0]);
        _cluster.Script(story.Script);
        // Placed before anything is armed: a start passes places of its own. A test that failed may have left one armed, or dead.
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator();
        var moves = new Queue<Move>();
        foreach (var _ in points) moves.Enqueue(native ? await Move.OfNativeGuestAsync(_cluster) : await Move.OfFakeGuestAsync(_cluster));
        var armed = new Queue<string>(points);
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator(armed.Peek());
        while (armed.Count > 0)
        {
            var move = moves.Dequeue();
            var told = TellAsync(move, story);
            if (!await PassesByAsync(move, armed)) await KilledAsync(armed);
            // Its follower may meet its own place at once, in what it sends again, before the person was answered.
            while (!await IsSettledAsync(move, told)) await KilledAsync(armed);
            await CheckAsync(move, story);
        }
    }

    // False if the coordinator died first. Each life of it has the whole patience.
    private async Task<bool> IsSettledAsync(Move move, Task told)
    {
        var died = false;
        await _cluster.UntilAsync($"{move.Vm} to be settled", async () =>
        {
            died = _cluster.HasEnded("coordinator");
            if (died) return true;
            if (told.IsFaulted) await told;
            return told.IsCompleted && await move.HasAsync("MigrationClosed");
        });
        return !died;
    }

    private static async Task CheckAsync(Move move, Story story)
    {
        var migration = await move.SettledAsync();
        Assert.Equal((story.Outcome, move.Id), (migration.Status.Outcome, migration.Metadata.Name));
        if (story == Story.Completes) Assert.Equal(0, migration.Status.Resent?.Value);
    }

    private static async Task TellAsync(Move move, Story story)
    {
        await move.BeginAsync(story.Policy);
        if (story.CancelsAfter is null) return;
        await move.HappenedAsync(story.CancelsAfter);
        await move.CancelAsync();
    }

    // True if the migration closed without having met a place that not every migration meets; the next is armed then.
    private async Task<bool> PassesByAsync(Move move, Queue<string> armed)
    {
        if (!NotByAll.Contains(armed.Peek().Split(':')[1])) return false;
        await _cluster.UntilAsync($"{armed.Peek()} or the end", async () => _cluster.HasEnded("coordinator") || await move.HasAsync("MigrationClosed"));
        if (_cluster.HasEnded("coordinator")) return false;
        output.WriteLine($"passed by: {armed.Dequeue()}");
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator(armed.TryPeek(out var next) ? next : null);
        return true;
    }

    // It died of the place it was armed for; its follower is armed for the next.
    private async Task KilledAsync(Queue<string> armed)
    {
        await _cluster.DiedAsync("coordinator", armed.Dequeue());
        _cluster.StartCoordinator(armed.TryPeek(out var next) ? next : null);
    }

    /// <summary>What has to happen for a place to be passed.</summary>
    private sealed record Story(string Outcome, string? CancelsAfter, FakeScript Script)
    {
        public static readonly Story Completes = new("Completed", null, new FakeScript());

        // The forecast comes near the limit so slowly that it is the person who ends it: half a minute. (One that never comes nearer is given up by the
        // source after six rounds, and the person is told that it is over.)
        private static readonly Story CancelledInPreCopy =
            new("Aborted", "PreCopyRoundCompleted", new FakeScript { Rounds = 60, RoundMs = 500 }) { Policy = new MigrationPolicy(MaxRounds: 1_000) };

        // The last bytes take so long that the source can still give the grant back.
        private static readonly Story CancelledAfterGrant = new("Aborted", "IntentSeen", new FakeScript { FinalMs = 30_000 });

        public MigrationPolicy? Policy { get; private init; }

        public static Story Of(string point) => point.Split(':')[1] switch
        {
            "MigrationCancelling" or "GiveBack" => CancelledAfterGrant,
            "MigrationAborted" or "SourceRejected" or "DestinationRefused" or "AbortOut" or "RefuseIn" => CancelledInPreCopy,
            _ => Completes,
        };
    }
}
