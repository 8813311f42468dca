using Coordinator.Application.Backup;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>A whole database as lines of a backup, as of one moment and beside coordinators at work.</summary>
public static class PostgresBackup
{
    /// <param name="options">How to reach it; the coordinator's own role may read all that is needed.</param>
    /// <param name="program">Version of this program.</param>
    /// <exception cref="StoreConfigurationException">Cannot be used as configured.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached, or went away; begin again.</exception>
    public static IEnumerable<BackupLine> Read(PostgresStoreOptions options, DateTimeOffset now, string program) =>
        Told(options, connection => Lines(connection, options.ShardCount, now, program));

    /// <summary>Lines as of one moment, with errors as an operator is told of them.</summary>
    /// <param name="read">In one repeatable-read transaction: all its queries see the moment of the first.</param>
    internal static IEnumerable<BackupLine> Told(PostgresStoreOptions options, Func<NpgsqlConnection, IEnumerable<BackupLine>> read)
    {
        using var connections = new PostgresConnections(options);
        using var lines = Moment(connections, read).GetEnumerator();
        while (Next(lines, connections.Place)) yield return lines.Current;
    }

    private static bool Next(IEnumerator<BackupLine> lines, string place)
    {
        try
        {
            return lines.MoveNext();
        }
        catch (Exception e) when (PostgresFailure.OfRepeatable(e, place) is { } told)
        {
            throw told;
        }
    }

    private static IEnumerable<BackupLine> Moment(PostgresConnections connections, Func<NpgsqlConnection, IEnumerable<BackupLine>> read)
    {
        using var connection = connections.OpenReader();
        using var moment = connection.BeginTransaction(System.Data.IsolationLevel.RepeatableRead);
        using (var look = new NpgsqlCommand("select count(*) from shard", connection)) look.ExecuteScalar();
        foreach (var line in read(connection)) yield return line;
    }

    private static IEnumerable<BackupLine> Lines(NpgsqlConnection connection, int shardCount, DateTimeOffset now, string program)
    {
        yield return new BackupHead(BackupHead.FormatNow, shardCount, now, program);
        foreach (var line in Rows(connection, "select shard, term, seq from shard order by shard", row => new BackupShard(row.GetInt32(0), row.GetInt64(1), row.GetInt64(2)))) yield return line;
        foreach (var line in Rows(connection, "select key, shard, ver, closed, timer_due, timer_token from stream order by id", Stream)) yield return line;
        foreach (var line in Rows(connection, $"select {EventRow.Columns} from event e join stream s on s.id = e.stream order by e.pos", Event)) yield return line;
        foreach (var line in Rows(connection, "select principal, key, body_hash, answer, at from idempotency", Key)) yield return line;
    }

    private static BackupStream Stream(NpgsqlDataReader row) => new(
        row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetBoolean(3), row.IsDBNull(4) ? null : StoredTime.FromTicks(row.GetInt64(4)), row.GetInt64(5));

    private static BackupEvent Event(NpgsqlDataReader row) => BackupEvent.Of(EventRow.Read(row));

    private static BackupKey Key(NpgsqlDataReader row) =>
        new(new IdempotencyRecord(row.GetString(0), row.GetString(1), row.GetString(2), row.GetString(3), StoredTime.FromTicks(row.GetInt64(4))));

    private static IEnumerable<BackupLine> Rows(NpgsqlConnection connection, string sql, Func<NpgsqlDataReader, BackupLine> line)
    {
        using var query = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        using var row = query.ExecuteReader();
        while (row.Read()) yield return line(row);
    }
}
