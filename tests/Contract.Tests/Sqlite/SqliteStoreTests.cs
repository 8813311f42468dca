using Contract.Tests.Stores;

namespace Contract.Tests.Sqlite;

/// <summary>The embedded store keeps the contract of every store.</summary>
public sealed class SqliteStoreTests : StoreContract
{
    protected override StoreUnderTest CreateDatabase() => new SqliteFile();
}
