using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>
/// Reads a whole database and compares: its pages and indexes with each other, and every event with its checksum. A node at work reads
/// through the indexes and cannot see what a damaged one hides.
/// </summary>
public static class SqliteVerification
{
    private const int EventsPerRead = 1_000;

    /// <returns>How many events there are, all as they were written.</returns>
    /// <exception cref="StoreConfigurationException">No database of this program, or too damaged to be told from that.</exception>
    /// <exception cref="StoreBrokenException">Damaged: one line says where.</exception>
    public static long Run(string path)
    {
        if (!File.Exists(path)) throw new StoreConfigurationException($"{path} does not exist");
        SqliteLibrary.Load();
        try
        {
            using var store = new SqliteStore(new SqliteStoreOptions { Path = path, ShardCount = Check(path) });
            var (events, position) = (0L, StorePosition.Start);
            while (store.ReadAll(position, EventsPerRead) is { Count: > 0 } page) (events, position) = (events + page.Count, page[^1].Position);
            return events;
        }
        catch (SqliteFailure failure)
        {
            throw SqliteSchema.Refusal(failure, path);
        }
    }

    private static int Check(string path)
    {
        using var connection = SqliteConnection.Open(path, null, TimeSpan.FromSeconds(5));
        if (connection.Scalar("pragma integrity_check(1)") is var found and not "ok") throw new StoreBrokenException($"{path}: {found}: restore a good copy");
        return SqliteSchema.Number(connection, "shards");
    }
}
