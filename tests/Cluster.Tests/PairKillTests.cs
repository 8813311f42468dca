using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>
/// Two of the three roles fall in the same step of a hand-off: killed at their failpoints, or stopped there so that a zombie wakes up
/// later. Real processes, a guest that writes all the time, and the witness outside of the product to judge it.
/// </summary>
public sealed class PairKillTests(ITestOutputHelper output)
{
    // Long enough for a person to cancel it in pre-copy, whatever else the machine does.
    private const int SlowMebi = 48;
    private static readonly MigrationPolicy Slow = new(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0);

    private static readonly (string First, string Second, Ending Ending)[] Every =
    [
        ("on-input:MigrateOut/source", "coordinator", Ending.Completes),
        ("after-persist:begun/source", "coordinator", Ending.Completes),
        ("after-send:SwitchoverReady/source", "before-commit:SwitchoverGranted", Ending.Completes),
        ("after-send:SwitchoverReady/source", "after-commit:SwitchoverGranted", Ending.Completes),
        ("before-persist:intent/source", "coordinator", Ending.Completes),
        ("after-persist:intent/source", "coordinator", Ending.Aborts),
        ("on-input:OutgoingPaused/source", "coordinator", Ending.Aborts),
        ("after-send:CommitSent/source", "after-commit:CommitSeen", Ending.AsTheDestinationSays),
        ("after-send:PeerCommit/source", "coordinator", Ending.Completes),
        ("after-persist:released/source", "before-commit:MigrationCompleted", Ending.Completes),
        ("before-persist:rejected/source", "coordinator", Ending.IsCancelled),
        ("after-send:Rejected/source", "before-commit:SourceRejected", Ending.IsCancelled),

        ("before-persist:prepared/destination", "coordinator", Ending.Completes),
        ("after-persist:prepared/destination", "coordinator", Ending.Aborts),
        ("after-send:Prepared/destination", "after-commit:DestinationPrepared", Ending.Aborts),
        ("on-input:PeerCommit/destination", "coordinator", Ending.AsTheDestinationSays),
        ("after-persist:owned/destination", "after-commit:CommitSeen", Ending.Completes),
        ("after-drive:RunGuest/destination", "coordinator", Ending.Completes),
        ("after-persist:vmRan/destination", "before-commit:MigrationCompleted", Ending.Completes),
        ("after-persist:vmRan/destination", "after-commit:MigrationCompleted", Ending.Completes),
        ("after-persist:refused/destination", "coordinator", Ending.IsCancelled),
        ("after-send:Refused/destination", "after-commit:DestinationRefused", Ending.IsCancelled),

        ("after-send:PeerCommit/source", "on-input:PeerCommit/destination", Ending.Aborts),
        ("after-send:PeerCommit/source", "before-persist:owned/destination", Ending.Aborts),
        ("after-send:PeerCommit/source", "after-persist:owned/destination", Ending.Completes),
        ("after-send:PeerOwned/destination", "on-input:PeerOwned/source", Ending.Completes),
        ("after-send:PeerOwned/destination", "after-persist:released/source", Ending.Completes),
        ("after-persist:rejected/source", "after-persist:refused/destination", Ending.IsCancelled),

        // Zombies: what stands still wakes up when the others have gone on.
        ("after-send:SwitchoverReady/source", "before-commit:SwitchoverGranted=stop", Ending.Completes),
        ("after-persist:vmRan/destination", "before-commit:MigrationCompleted=stop", Ending.Completes),
        ("after-persist:intent/source=stop", "coordinator", Ending.Completes),
        ("on-input:OutgoingCompleted/source=stop", "destination", Ending.Completes),
        ("before-persist:owned/destination=stop", "source", Ending.Completes),
        ("after-persist:refused/destination=stop", "coordinator", Ending.IsCancelled),
    ];

    /// <summary>How the first attempt ends (hand-off 2.4); one that ended for a passing reason is followed by another.</summary>
    public enum Ending
    {
        Completes,
        Aborts,

        /// <summary>A person cancels it in pre-copy.</summary>
        IsCancelled,

        /// <summary>It decides by what reached it, and two messages were on their way.</summary>
        AsTheDestinationSays,
    }

    public static TheoryData<string, string, Ending> Pairs()
    {
        var data = new TheoryData<string, string, Ending>();
        foreach (var (first, second, ending) in Matrix.Of(Every, quick: 3)) data.Add(first, second, ending);
        return data;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task Two_that_fall_in_one_step_come_back_and_it_ends_as_the_table_says(string first, string second, Ending ending)
    {
        Fall[] falls = [Fall.Of(first), Fall.Of(second)];
        await using var cluster = await ClusterUnderTest.StartAsync([], falls.Where(fall => fall.Point is not null).ToDictionary(fall => fall.Who, fall => fall.Point!));
        var move = await Move.OfNativeGuestAsync(cluster, ending == Ending.IsCancelled ? SlowMebi : 2);

        // A coordinator may fall before it has answered: whoever asked asks again.
        var told = TellAsync(move, ending);
        foreach (var fall in falls) await fall.HappensAsync(cluster);
        foreach (var fall in falls.OrderBy(fall => fall.IsStop)) await fall.EndsAsync(cluster);
        await told;

        var last = await move.SettledAsync();
        if (await ZombieWakesAsync(cluster)) await move.SettledAsync();
        var outcome = (await cluster.Client.MigrationAsync(move.Id)).Status.Outcome;
        output.WriteLine($"{Matrix.Told}: {outcome}, the last one {last.Status.Outcome}, {cluster.Witness.Judge(move.Vm)}");
        if (ending != Ending.AsTheDestinationSays) Assert.Equal(ending == Ending.Completes ? "Completed" : "Aborted", outcome);
        if (ending == Ending.IsCancelled) Assert.Equal(move.Id, last.Metadata.Name);
    }

    private static async Task TellAsync(Move move, Ending ending)
    {
        await move.BeginAsync(ending == Ending.IsCancelled ? Slow : null);
        if (ending != Ending.IsCancelled) return;
        await move.HappenedAsync("DestinationPrepared");
        await move.CancelAsync();
    }

    // It was in the middle of a commit, and goes on with it: the store tells it that another one has decided since.
    private static async Task<bool> ZombieWakesAsync(ClusterUnderTest cluster)
    {
        if (!cluster.Has(ClusterUnderTest.Zombie)) return false;
        cluster.Continue(ClusterUnderTest.Zombie);
        await cluster.SaysAsync(ClusterUnderTest.Zombie, "fenced:");
        return true;
    }

    /// <param name="Who">The process.</param>
    /// <param name="Point">Where it falls by itself; null: it is killed when the other one has fallen.</param>
    private sealed record Fall(string Who, string? Point)
    {
        public bool IsStop => Point?.EndsWith("=stop", StringComparison.Ordinal) == true;

        public static Fall Of(string text) => text switch
        {
            "coordinator" => new Fall("coordinator", null),
            "source" => new Fall("host-a", null),
            "destination" => new Fall("host-b", null),
            _ when text.Contains("/source", StringComparison.Ordinal) => new Fall("host-a", text),
            _ when text.Contains("/destination", StringComparison.Ordinal) => new Fall("host-b", text),
            _ => new Fall("coordinator", text),
        };

        public async Task HappensAsync(ClusterUnderTest cluster)
        {
            if (Point is null) cluster.Kill(Who);
            else if (IsStop) await cluster.StoppedAsync(Who);
            else await cluster.DiedAsync(Who, Point);
        }

        /// <summary>The dead start again, an agent that was stopped goes on; a coordinator that stands still is followed by another one.</summary>
        public async Task EndsAsync(ClusterUnderTest cluster)
        {
            switch (Who, IsStop)
            {
                case ("coordinator", true):
                    cluster.ReplaceCoordinator();
                    break;
                case ("coordinator", false):
                    cluster.StartCoordinator();
                    break;
                case (_, false):
                    cluster.StartAgent(Who);
                    break;
                default:
                    // Not before the others are there again.
                    await cluster.ReadyAsync();
                    cluster.Continue(Who);
                    break;
            }
        }
    }
}
