using Contract.Tests.Postgres.Given;
using Contract.Tests.Stores;

namespace Contract.Tests.Postgres;

/// <summary>The store that coordinators share keeps the contract of every store.</summary>
[NeedsPostgres]
[Collection(PostgresCollection.Name)]
public sealed class PostgresStoreTests(SharedServer server) : StoreContract
{
    protected override StoreUnderTest CreateDatabase() => new PostgresDatabase(server);
}
