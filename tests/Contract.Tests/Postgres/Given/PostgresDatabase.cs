using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Application.Store;

namespace Contract.Tests.Postgres.Given;

/// <summary>A database on the shared server.</summary>
/// <param name="alone">The test changes more than rows: nobody gets it afterwards.</param>
public sealed class PostgresDatabase(SharedServer server, bool alone = false) : StoreUnderTest
{
    public string ConnectionString { get; } = alone ? server.NewDatabase() : server.Rent();

    public PostgresStoreOptions Options => new() { ConnectionString = ConnectionString, ShardCount = ShardCount };

    public override void DeleteSnapshots() => Run("delete from snapshot");

    public void Run(string sql) => SharedServer.Run(ConnectionString, sql);

    public T Ask<T>(string sql) => SharedServer.Ask<T>(ConnectionString, sql);

    protected override IEventStore Connect() => new PostgresStore(Options);

    protected override void Destroy()
    {
        if (!alone) server.GiveBack(ConnectionString);
    }
}
