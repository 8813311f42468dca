using System.Globalization;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;

namespace Coordinator.Adapters.Sqlite;

/// <summary>A whole database as lines of a backup, and a new database from them.</summary>
public static class SqliteBackup
{
    /// <summary>
    /// Everything as of one moment, also beside a node at work, which is not disturbed: its log grows until the last line was read. Every event is
    /// compared with its checksum.
    /// </summary>
    /// <param name="program">Version of this program.</param>
    /// <exception cref="StoreConfigurationException">No database of ours.</exception>
    /// <exception cref="StoreBrokenException">It is damaged; run <c>coordinator verify</c>.</exception>
    public static IEnumerable<BackupLine> Read(string path, DateTimeOffset now, string program) => Told(path, () => Lines(path, now, program));

    /// <summary>The lines of a database that exists, with errors as an operator is told of them.</summary>
    internal static IEnumerable<BackupLine> Told(string path, Func<IEnumerable<BackupLine>> read)
    {
        if (!File.Exists(path)) throw new StoreConfigurationException($"{path} does not exist");
        SqliteLibrary.Load();
        using var lines = read().GetEnumerator();
        while (Next(lines, path)) yield return lines.Current;
    }

    /// <summary>Makes a database that holds just this. It is whole when this returns, and only then.</summary>
    /// <param name="path">A file that does not exist.</param>
    /// <returns>Head and number of events.</returns>
    /// <exception cref="BackupDamagedException">The lines are not a whole backup.</exception>
    /// <exception cref="StoreUnavailableException">The disk refused.</exception>
    public static (BackupHead Head, long Events) Write(string path, IEnumerable<BackupLine> lines)
    {
        SqliteLibrary.Load();
        try
        {
            using var import = new SqliteImport(path);
            return import.Run(lines);
        }
        catch (SqliteFailure failure)
        {
            throw SqliteSchema.Refusal(failure, path);
        }
    }

    private static bool Next(IEnumerator<BackupLine> lines, string path)
    {
        try
        {
            return lines.MoveNext();
        }
        catch (SqliteFailure failure)
        {
            throw failure.AsReadFailure(path);
        }
    }

    private static IEnumerable<BackupLine> Lines(string path, DateTimeOffset now, string program)
    {
        using var connection = SqliteConnection.Open(path, null, TimeSpan.FromSeconds(5));
        var shardCount = SqliteSchema.Open(connection, path);
        // The moment is that of the first read.
        connection.Execute("pragma query_only = on; begin; select count(*) from shard");
        yield return new BackupHead(BackupHead.FormatNow, shardCount, now, program);
        var shards = connection.Prepare("select shard, term, seq from shard order by shard");
        while (shards.Step()) yield return new BackupShard(shards.Int(0), shards.Long(1), shards.Long(2));
        // A stream's row has the version of its last writing; its own is that of its last event.
        var streams = connection.Prepare("select s.key, s.shard, (select max(ver) from event e where e.stream = s.id), s.closed, s.timer_due, s.timer_token from stream s order by s.id");
        while (streams.Step())
            yield return new BackupStream(streams.Text(0), streams.Int(1), streams.Int(2), streams.Int(3) != 0, streams.IsNull(4) ? null : streams.Time(4), streams.Long(5));
        foreach (var e in Events(connection)) yield return e;
        var keys = connection.Prepare("select principal, key, body_hash, answer, at from idempotency");
        while (keys.Step()) yield return new BackupKey(new IdempotencyRecord(keys.Text(0), keys.Text(1), keys.Text(2), keys.Text(3), keys.Time(4)));
    }

    private static IEnumerable<BackupEvent> Events(SqliteConnection connection)
    {
        var rows = new EventRow(SqliteSchema.SummedAfter(connection));
        var key = connection.Prepare("select key from stream where id = ?1");
        var events = connection.Prepare($"select {EventRow.Columns} from event order by pos");
        for (var before = 0L; events.Step(); before++)
        {
            if (events.Long(0) != before + 1) throw new SqliteFailure(SQLitePCL.raw.SQLITE_CORRUPT, $"event {events.Long(0)} follows event {before}: those between are missing");
            yield return BackupEvent.Of(rows.Read(events, stream => KeyOf(key, stream)));
        }
    }

    private static string KeyOf(Statement key, long stream)
    {
        key.Bind(1, stream);
        if (!key.Step()) throw new SqliteFailure(SQLitePCL.raw.SQLITE_CORRUPT, string.Create(CultureInfo.InvariantCulture, $"an event names stream row {stream}, which is missing"));
        var text = key.Text(0);
        key.Reset();
        return text;
    }
}
