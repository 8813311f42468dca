using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Backup;
using Coordinator.Application.Store;
using Npgsql;
using NpgsqlTypes;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// Fills a database that has our tables and no event from the lines of a backup, in one transaction; to be run by its owner. Until <see cref="Finish"/> no
/// coordinator starts on it.
/// </summary>
public static class PostgresImport
{
    /// <returns>Head and number of events.</returns>
    /// <exception cref="BackupDamagedException">The lines are not a whole backup. Nothing was changed.</exception>
    /// <exception cref="StoreConfigurationException">The database holds events, or cannot be used. Nothing was changed.</exception>
    /// <exception cref="StoreUnavailableException">It cannot be reached, or went away. Nothing was changed.</exception>
    public static (BackupHead Head, long Events) Run(PostgresStoreOptions options, IEnumerable<BackupLine> lines)
    {
        using var connections = new PostgresConnections(options);
        try
        {
            using var connection = connections.OpenWriter();
            using var transaction = connection.BeginTransaction();
            RequireEmpty(connection, connections.Place);
            var check = new BackupImport();
            using (var rows = lines.Select(line => Checked(check, line)).GetEnumerator()) Copy(connection, rows, options.ShardCount, connections.Place);
            check.Complete();
            Execute(connection, $"update feed set pos = {check.Events}; insert into meta values('{PostgresSchema.Restoring}', 'yes')");
            transaction.Commit();
            return (check.Head!, check.Events);
        }
        catch (Exception e) when (PostgresFailure.OfRepeatable(e, connections.Place) is { } told)
        {
            throw told;
        }
    }

    /// <summary>What was imported may be used.</summary>
    public static void Finish(PostgresStoreOptions options)
    {
        using var connections = new PostgresConnections(options with { Unfinished = true });
        using var connection = connections.OpenWriter();
        Execute(connection, $"delete from meta where name = '{PostgresSchema.Restoring}'; analyze shard, stream, event");
    }

    private static BackupLine Checked(BackupImport check, BackupLine line)
    {
        check.Check(line);
        return line;
    }

    private static void RequireEmpty(NpgsqlConnection connection, string place)
    {
        using var feed = new NpgsqlCommand("select pos from feed for update", connection);
        if ((long)feed.ExecuteScalar()! is > 0 and var events) throw new StoreConfigurationException($"{place} holds {events} events: restore into a new database, made by: coordinator schema migrate");
    }

    // The kinds of lines stand one after the other, as they do in the backup.
    private static void Copy(NpgsqlConnection connection, IEnumerator<BackupLine> lines, int shardCount, string place)
    {
        var more = lines.MoveNext();
        if (more && lines.Current is BackupHead head && head.Shards != shardCount)
            throw new StoreConfigurationException($"{place} was made with {shardCount} shards, the backup with {head.Shards}: make the database anew with --Shards {head.Shards}");
        more = lines.MoveNext();
        for (; more && lines.Current is BackupShard s; more = lines.MoveNext()) Execute(connection, $"update shard set term = {s.Term}, seq = {s.Seq} where shard = {s.Shard}");
        using (var streams = connection.BeginBinaryImport("copy stream(key, shard, ver, closed, timer_due, timer_token) from stdin (format binary)"))
        {
            for (; more && lines.Current is BackupStream s; more = lines.MoveNext()) Add(streams, s);
            streams.Complete();
        }

        var ids = Ids(connection);
        using (var events = connection.BeginBinaryImport("copy event(pos, shard, seq, stream, ver, term, type, schema, at, body, meta) from stdin (format binary)"))
        {
            for (var position = 1L; more && lines.Current is BackupEvent e; more = lines.MoveNext(), position++) Add(events, e, position, ids);
            events.Complete();
        }

        using var keys = connection.BeginBinaryImport("copy idempotency(principal, key, body_hash, answer, at) from stdin (format binary)");
        for (; more && lines.Current is BackupKey k; more = lines.MoveNext()) Add(keys, k.Answer);
        keys.Complete();
        if (more) throw new BackupDamagedException($"{lines.Current.GetType().Name} stands where it cannot");
    }

    private static Dictionary<string, long> Ids(NpgsqlConnection connection)
    {
        var ids = new Dictionary<string, long>(StringComparer.Ordinal);
        using var query = new NpgsqlCommand("select key, id from stream", connection) { CommandTimeout = 0 };
        using var row = query.ExecuteReader();
        while (row.Read()) ids.Add(row.GetString(0), row.GetInt64(1));
        return ids;
    }

    private static void Add(NpgsqlBinaryImporter rows, BackupStream s)
    {
        rows.StartRow();
        rows.Write(s.Key, NpgsqlDbType.Text);
        rows.Write(s.Shard, NpgsqlDbType.Integer);
        rows.Write(s.Version, NpgsqlDbType.Integer);
        rows.Write(s.Closed, NpgsqlDbType.Boolean);
        if (s.TimerDue is { } due) rows.Write(StoredTime.ToTicks(due), NpgsqlDbType.Bigint);
        else rows.WriteNull();
        rows.Write(s.TimerToken, NpgsqlDbType.Bigint);
    }

    private static void Add(NpgsqlBinaryImporter rows, BackupEvent e, long position, Dictionary<string, long> ids)
    {
        rows.StartRow();
        rows.Write(position, NpgsqlDbType.Bigint);
        rows.Write(e.Shard, NpgsqlDbType.Integer);
        rows.Write(e.Seq, NpgsqlDbType.Bigint);
        rows.Write(ids.TryGetValue(e.Stream, out var stream) ? stream : throw new BackupDamagedException($"{e.Stream} has an event and no line of its own"), NpgsqlDbType.Bigint);
        rows.Write(e.Version, NpgsqlDbType.Integer);
        rows.Write(e.Term, NpgsqlDbType.Bigint);
        rows.Write(e.Type, NpgsqlDbType.Text);
        rows.Write(e.SchemaVersion, NpgsqlDbType.Integer);
        rows.Write(StoredTime.ToTicks(e.At), NpgsqlDbType.Bigint);
        rows.Write(e.Body, NpgsqlDbType.Text);
        rows.Write(e.Meta, NpgsqlDbType.Text);
    }

    private static void Add(NpgsqlBinaryImporter rows, IdempotencyRecord key)
    {
        rows.StartRow();
        foreach (var text in (string[])[key.Principal, key.Key, key.BodyHash, key.Answer]) rows.Write(text, NpgsqlDbType.Text);
        rows.Write(StoredTime.ToTicks(key.At), NpgsqlDbType.Bigint);
    }

    private static void Execute(NpgsqlConnection connection, FormattableString sql)
    {
        using var command = new NpgsqlCommand(FormattableString.Invariant(sql), connection) { CommandTimeout = 0 };
        command.ExecuteNonQuery();
    }
}
