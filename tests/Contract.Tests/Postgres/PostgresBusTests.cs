using Contract.Tests.Buses;
using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;
using Coordinator.Adapters.InProcess;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Application.Bus;

namespace Contract.Tests.Postgres;

/// <summary>The bus without a broker keeps the contract of every bus for what a node has for itself.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresBusTests(SharedServer server) : BusContract, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    protected override IBus Create(int capacity = 1_000) => new PostgresBus(_database.Options, "node-a", new InProcessBus(capacity), capacity);
}

/// <summary>And for what it has for others: published at one node, heard at another.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresBusBetweenNodesTests(SharedServer server) : BetweenNodesContract, IDisposable
{
    private readonly PostgresDatabase _database = new(server);

    public void Dispose() => _database.Dispose();

    [ServerFact]
    public void Given_a_server_that_forgot_every_message_and_subscription_When_sent_until_seen_Then_it_arrives_again()
    {
        using var a = At("node-a", 1_000);
        using var b = At("node-b", 1_000);
        using var seen = new ManualResetEventSlim();
        using var subscription = b.Subscribe("shard.1", _ => seen.Set());
        for (var round = 0; round < 1_000 && !seen.Wait(TimeSpan.FromMilliseconds(20)); round++) a.Publish(Message("shard.1", round));
        Await(seen);

        _database.Run("truncate bus_subscription, bus_message"); // what a crash does to tables that are not logged
        seen.Reset();
        for (var round = 0; round < 1_000 && !seen.Wait(TimeSpan.FromMilliseconds(20)); round++) a.Publish(Message("shard.1", round));

        Await(seen);
    }

    protected override IBus At(string node, int capacity) => new PostgresBus(_database.Options, node, new InProcessBus(capacity), capacity);
}
