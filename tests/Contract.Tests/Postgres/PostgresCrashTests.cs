using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;
using Lab.Servers;

namespace Contract.Tests.Postgres;

/// <summary>The server crashes again and again while a writer commits: what was acknowledged is there, once, and nothing that was not asked for.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresCrashTests : IDisposable
{
    private const int Crashes = 3;
    private const int CommitsBetween = 50;

    // Its own: the others would not like it.
    private readonly PostgresServer _server = new();

    public void Dispose() => _server.Dispose();

    [ServerFact]
    public void Given_a_server_that_crashes_while_a_writer_commits_When_it_is_back_Then_every_event_is_there_once()
    {
        _server.Start();
        new SchemaMigrator(_server.ConnectionString(), "test").Migrate(SchemaMigrator.Newest, StoreUnderTest.ShardCount);
        var options = new PostgresStoreOptions { ConnectionString = _server.ConnectionString(), ShardCount = StoreUnderTest.ShardCount };
        using var store = new PostgresStore(options);
        var node = Node.Owning(store, "node-a", 1, 2);
        var acknowledged = 0;
        using var committed = new SemaphoreSlim(0);
        using var stop = new CancellationTokenSource();
        var writer = new Thread(() =>
        {
            while (!stop.IsCancellationRequested)
            {
                if (!WriteNext(node)) continue;
                Volatile.Write(ref acknowledged, node.VersionOf("vm-a"));
                committed.Release();
            }
        });
        writer.Start();

        for (var crash = 0; crash < Crashes; crash++)
        {
            AwaitCommits(committed);
            _server.Crash();
            _server.StartAgain();
        }

        AwaitCommits(committed);
        stop.Cancel();
        writer.Join();

        using var reader = new PostgresStore(options);
        var events = reader.ReadStream("vm-a", 0).ToList();
        Assert.InRange(events.Count, acknowledged, int.MaxValue);
        Assert.Equal(Enumerable.Range(1, events.Count).Select(n => Node.Json($"event {n}")), events.Select(e => e.Body.ToArray()));
        Assert.Equal(events.Count, reader.ReadStream("vm-b", 0).Count());
    }

    // Some from now on: those before may be all there was.
    private static void AwaitCommits(SemaphoreSlim committed)
    {
        while (committed.Wait(TimeSpan.Zero))
        {
        }

        for (var n = 0; n < CommitsBetween; n++) Assert.True(committed.Wait(TimeSpan.FromSeconds(60)), "nothing is committed any more");
    }

    // As a coordinator's node does: what is not known is found out by taking over from oneself.
    private static bool WriteNext(Node node)
    {
        try
        {
            var next = node.VersionOf("vm-a") + 1;
            if (node.Append(node.Draft().Event(1, "vm-a", $"event {next}").Event(2, "vm-b").Build()) is AppendOutcome.Committed) return true;
            node.TakeOver(1, 2);
        }
        catch (StoreUnavailableException)
        {
            // It is on its way back.
        }

        return false;
    }
}
