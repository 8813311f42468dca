using System.Globalization;
using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Sqlite;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;
using Coordinator.Domain.Restores;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Hosting;

/// <summary>The store that a coordinator with these settings uses, for backups of it and into it.</summary>
/// <param name="SqlitePath">Null with <paramref name="Postgres"/>.</param>
internal sealed record StorePlace(string? SqlitePath, PostgresStoreOptions? Postgres)
{
    private static string Actor => $"local:{Environment.UserName}";

    /// <exception cref="ConfigurationProblemException">Not enough is set.</exception>
    public static StorePlace From(IReadOnlyDictionary<ConfigKey, Setting> found)
    {
        string Get(ConfigKey key) => found.TryGetValue(key, out var setting) ? setting.Value : key.Default!;
        if (Get(ConfigKeys.Store) != "postgres") return new StorePlace(Get(ConfigKeys.SqlitePath), null);
        var settings = PostgresSettings.From(found);
        var shards = int.Parse(Get(ConfigKeys.Shards), CultureInfo.InvariantCulture);
        return new StorePlace(null, new PostgresStoreOptions { ConnectionString = settings.Connection, Password = settings.Password, ShardCount = shards });
    }

    public IEnumerable<BackupLine> Read(DateTimeOffset now) =>
        Postgres is null ? SqliteBackup.Read(SqlitePath!, now, BuildInfo.Version) : PostgresBackup.Read(Postgres, now, BuildInfo.Version);

    /// <summary>Streams closed before a time that are in no archive yet.</summary>
    public IEnumerable<BackupLine> ReadClosed(DateTimeOffset before, int most, DateTimeOffset now) =>
        Postgres is null ? SqliteArchive.Read(SqlitePath!, before, most, now, BuildInfo.Version) : PostgresArchive.Read(Postgres, before, most, now, BuildInfo.Version);

    /// <summary>Takes what these streams say out of the log. Safe to repeat.</summary>
    /// <returns>Events taken out.</returns>
    public long Empty(IEnumerable<string> streams, string archive) => Postgres is null ? SqliteArchive.Empty(SqlitePath!, streams, archive) : PostgresArchive.Empty(Postgres, streams, archive);

    /// <summary>Fills a new store and marks it as restored. Killed at any point it leaves nothing that a coordinator would start on.</summary>
    public (StoreRestored Restored, long Events) Write(IEnumerable<BackupLine> lines, IReadOnlyList<HostId> hosts) =>
        Postgres is null ? WriteSqlite(SqlitePath!, lines, hosts) : WritePostgres(Postgres, lines, hosts);

    public override string ToString() => SqlitePath ?? "PostgreSQL";

    private static string NewId() => DateTimeOffset.UtcNow.ToString("yyyyMMdd'T'HHmmss", CultureInfo.InvariantCulture) + "-" + Guid.NewGuid().ToString("N")[..8];

    private static (StoreRestored Restored, long Events) WriteSqlite(string path, IEnumerable<BackupLine> lines, IReadOnlyList<HostId> hosts)
    {
        foreach (var old in (string[])[path, path + "-wal"])
        {
            if (File.Exists(old)) throw new StoreConfigurationException($"{old} exists: stop every coordinator, move the old database away with its -wal and -shm, and restore again");
        }

        var partial = path + ".restoring";
        foreach (var rest in Directory.GetFiles(Path.GetDirectoryName(Path.GetFullPath(path))!, Path.GetFileName(partial) + "*")) File.Delete(rest);
        var (head, events) = SqliteBackup.Write(partial, lines);
        StoreRestored restored;
        using (var store = new SqliteStore(new SqliteStoreOptions { Path = partial, ShardCount = head.Shards })) restored = RestoreMarks.Write(NewId(), store, head.At, hosts, Actor, BuildInfo.Version);
        // Also closes its log: what stands beside the database is not renamed with it.
        SqliteVerification.Run(partial);
        if (File.Exists(partial + "-wal")) throw new StoreUnavailableException($"{partial}-wal is still there: somebody else has opened the file");
        DurableFile.Publish(partial, path);
        return (restored, events);
    }

    private static (StoreRestored Restored, long Events) WritePostgres(PostgresStoreOptions options, IEnumerable<BackupLine> lines, IReadOnlyList<HostId> hosts)
    {
        var (head, events) = PostgresImport.Run(options, lines);
        StoreRestored restored;
        using (var store = new PostgresStore(options with { Unfinished = true })) restored = RestoreMarks.Write(NewId(), store, head.At, hosts, Actor, BuildInfo.Version);
        PostgresImport.Finish(options);
        return (restored, events);
    }
}
