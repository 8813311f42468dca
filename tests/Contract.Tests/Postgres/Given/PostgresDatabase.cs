using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres;
using Coordinator.Application.Store;

namespace Contract.Tests.Postgres.Given;

/// <summary>A database on the shared server. It is dropped with the server.</summary>
public sealed class PostgresDatabase(string connectionString) : StoreUnderTest
{
    public PostgresDatabase(SharedServer server) : this(server.NewDatabase())
    {
    }

    public string ConnectionString => connectionString;

    public PostgresStoreOptions Options => new() { ConnectionString = connectionString, ShardCount = ShardCount };

    public override void DeleteSnapshots() => Run("delete from snapshot");

    public void Run(string sql) => SharedServer.Run(connectionString, sql);

    public T Ask<T>(string sql) => SharedServer.Ask<T>(connectionString, sql);

    protected override IEventStore Connect() => new PostgresStore(Options);

    protected override void Destroy()
    {
    }
}
