using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Contracts.Api;
using Coordinator.Shared.Units;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>kill -9 in the middle of pre-copy of a guest that writes all the time: the same transfer goes on.</summary>
public sealed class PreCopyKillTests(TwoHosts hosts, ITestOutputHelper output) : IClassFixture<TwoHosts>
{
    private const int WrittenMebi = 48;

    // So slow a link that pre-copy lasts seconds, whatever else the machine does.
    private static readonly MigrationPolicy Slow = new(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0);

    private readonly ClusterUnderTest _cluster = hosts.Cluster;

    /// <summary>Bytes sent at which it dies: spread by chance over the first copy of the memory.</summary>
    public static TheoryData<int> SentKibi()
    {
        // Drawn without repetition: the same point twice would be one test.
        var points = Enumerable.Range(1, (WrittenMebi - 16) * 1024).ToArray();
        new Random(Matrix.Seed).Shuffle(points);
        return [.. points.Take(Matrix.IsFull ? 20 : 3)];
    }

    [Theory]
    [MemberData(nameof(SentKibi))]
    public async Task A_coordinator_killed_in_pre_copy_costs_no_byte(int sentKibi)
    {
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        var seen = await move.SentAsync(new ByteCount(sentKibi * 1024L));
        _cluster.Kill("coordinator");
        _cluster.StartCoordinator();

        var migration = await move.SettledAsync();
        output.WriteLine($"{Matrix.Told}, killed at {seen.Status.Transfer!.Sent} sent: {Figures(move, migration)}");
        Assert.Equal(("Completed", move.Id, 0L), (migration.Status.Outcome, migration.Metadata.Name, migration.Status.Resent?.Value));
        Assert.InRange(migration.Status.Resumes, 1, int.MaxValue);
    }

    [Fact]
    public async Task A_source_agent_killed_in_pre_copy_finishes_the_same_migration_and_says_what_was_sent_again()
    {
        var move = await Move.OfNativeGuestAsync(_cluster, WrittenMebi);
        await move.BeginAsync(Slow);
        await move.SentAsync(ByteCount.FromMebi(16));
        _cluster.Kill(move.Source);
        Assert.Equal(1, _cluster.GuestProcesses(move.Vm) - Incoming);
        _cluster.StartAgent(move.Source);

        var migration = await move.SettledAsync();
        output.WriteLine(Figures(move, migration));
        Assert.Equal(("Completed", move.Id), (migration.Status.Outcome, migration.Metadata.Name));
        Assert.NotNull(migration.Status.Resent);
        Assert.InRange(migration.Status.Resent.Value.Value, 0, ByteCount.FromMebi(WrittenMebi).Value);
    }

    // The destination's paused process, which waits for the memory.
    private const int Incoming = 1;

    private string Figures(Move move, MigrationResource m) =>
        $"re-sent {m.Status.Resent} of {m.Status.Sent}, blackout {m.Status.BlackoutMs:0.0} ms, {_cluster.Witness.Judge(move.Vm)}";
}
