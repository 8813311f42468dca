using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using HostNode.Hypervisors.Fake;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>Machines that are gone for good: a person says so, by <c>lm</c>, and everything they were part of is driven to Closed.</summary>
public sealed class WrittenOffTests(ITestOutputHelper output)
{
    public static TheoryData<string?, bool> Resolutions()
    {
        var data = new TheoryData<string?, bool> { { null, true }, { "after-commit:HostDeclaredLost", false } };
        string[] others = ["before-commit:HostDeclaredLost", "before-commit:MigrationHeld", "after-commit:MigrationHeld", "before-commit:HeldResolved", "after-commit:HeldResolved"];
        foreach (var point in Matrix.Of(others, quick: 1)) data.Add(point, true);
        return data;
    }

    /// <param name="failpoint">Where the coordinator dies besides.</param>
    /// <param name="resumeSource">The person's choice: the source's copy, or neither.</param>
    [Theory]
    [MemberData(nameof(Resolutions))]
    public async Task A_destination_that_dies_between_commit_and_owned_is_held_and_resolved_by_a_person(string? failpoint, bool resumeSource)
    {
        await using var cluster = await ClusterUnderTest.StartAsync();
        var move = await Move.OfNativeGuestAsync(cluster);
        cluster.Kill(move.Destination);
        cluster.StartAgent(move.Destination, "on-input:PeerCommit/destination");
        await cluster.ReadyAsync();
        await move.BeginAsync();
        await cluster.DiedAsync(move.Destination);
        cluster.KillMachine(move.Destination);
        await cluster.SilentAsync(move.Destination);
        await move.HappenedAsync("CommitSeen");

        if (failpoint is not null) await RestartArmedAsync(cluster, failpoint);
        await SayAsync(cluster, "hosts", "write-off", move.Destination, "--reason", "burnt down", "--attest-off", "--yes");
        await WithRevivalAsync(cluster, move, "MigrationHeld");
        await SayAsync(cluster, "migrations", "resolve", move.Id, resumeSource ? "--resume-source" : "--restart-from-disk", "--reason", "nothing ran there", "--second-person", "bob", "--yes");
        await WithRevivalAsync(cluster, move, "MigrationClosed");

        var migration = await move.ClosedAsync();
        Assert.Equal("Held", migration.Status.Outcome);
        Assert.Single(await cluster.Client.EventsAsync(move.Id), e => e.Type == "MigrationHeld");
        var vm = await cluster.Client.VmAsync(move.Vm);
        Assert.Equal(resumeSource ? "Running" : "Lost", vm.Status.Phase);
        if (resumeSource) await move.RunsOnlyOnAsync(move.Source);
        else Assert.Equal(0, cluster.GuestProcesses(move.Vm));
        Assert.True(cluster.Witness.Judge(move.Vm).IsClean);
        output.WriteLine($"{Matrix.Told}, {failpoint ?? "no kill of the coordinator"}: {migration.Status.Outcome}, {vm.Status.Phase}, {cluster.Witness.Judge(move.Vm)}");
    }

    [Fact]
    public async Task Hosts_written_off_in_pre_copy_end_the_migrations_and_the_guests_that_were_only_there()
    {
        await using var cluster = await ClusterUnderTest.StartAsync("host-a", "host-b", "host-c");
        cluster.Script(new FakeScript { Rounds = 0, RoundMs = 500 });
        var resident = await Move.OfFakeGuestAsync(cluster, "host-b", "host-a");
        var first = await Move.OfFakeGuestAsync(cluster);
        await InPreCopyAsync(first);
        cluster.KillMachine("host-b");
        await cluster.SilentAsync("host-b");
        await SayAsync(cluster, "hosts", "write-off", "host-b", "--reason", "burnt down", "--attest-off", "--yes");
        Assert.Equal(("Aborted", "host.writtenOff"), Ended(await first.SettledAsync()));
        await LostAsync(cluster, resident);

        var second = await Move.OfFakeGuestAsync(cluster, "host-a", "host-c");
        await InPreCopyAsync(second);
        cluster.KillMachine("host-a");
        await cluster.SilentAsync("host-a");
        await SayAsync(cluster, "hosts", "write-off", "host-a", "--reason", "flooded", "--attest-off", "--yes");
        Assert.Equal(("Aborted", "host.writtenOff"), Ended(await second.ClosedAsync()));
        await LostAsync(cluster, second);
        await LostAsync(cluster, first);
        Assert.Empty(cluster.Residue(second.Vm, "host-c"));
        Assert.DoesNotContain((await cluster.Client.HostAsync("host-c")).Status.Claims, claim => claim.Vm == second.Vm);
    }

    private static (string?, string?) Ended(Coordinator.Shared.Contracts.Api.MigrationResource migration) => (migration.Status.Outcome, migration.Status.Code);

    // It must not give up by itself before its host counts as gone and a person has spoken.
    private static async Task InPreCopyAsync(Move move)
    {
        await move.BeginAsync(new MigrationPolicy(MaxRounds: 1_000));
        await move.HappenedAsync("PreCopyRoundCompleted");
    }

    private static Task LostAsync(ClusterUnderTest cluster, Move move) =>
        cluster.UntilAsync($"{move.Vm} to count as lost", async () => (await cluster.Client.VmAsync(move.Vm)).Status.Phase == "Lost");

    private static async Task RestartArmedAsync(ClusterUnderTest cluster, string failpoint)
    {
        cluster.Kill("coordinator");
        cluster.StartCoordinator(failpoint);
        await cluster.ReadyAsync();
    }

    // The coordinator may die of it before it answers, or before it has done it: a person looks, and says it again.
    private static async Task SayAsync(ClusterUnderTest cluster, params string[] words)
    {
        var (code, text) = cluster.Lm(words);
        if (code == 0) return;
        Assert.True(code == Cli.ExitCodes.Unreachable, text);
        await cluster.DiedAsync("coordinator");
        cluster.StartCoordinator();
        await cluster.ReadyAsync();
        if (words[0] == "hosts" && (await cluster.Client.HostAsync(words[2])).Status.Phase == "WrittenOff") return;
        (code, text) = cluster.Lm(words);
        Assert.True(code == 0 || text.Contains("resolve.done", StringComparison.Ordinal) || text.Contains("migration.over", StringComparison.Ordinal), text);
    }

    private static async Task WithRevivalAsync(ClusterUnderTest cluster, Move move, string eventType)
    {
        await cluster.UntilAsync($"{eventType} of {move.Vm}", async () =>
        {
            if (cluster.HasEnded("coordinator")) cluster.StartCoordinator();
            return await move.HasAsync(eventType);
        });
    }
}
