using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// The read side: each query on a connection of its own from a small pool, in one consistent view of the database. Long results are read page by
/// page, so that a slow consumer holds no view open.
/// </summary>
internal sealed class PostgresReader(PostgresConnections connections)
{
    private const int StreamsPerPage = 512;
    private const int EventsPerPage = 1_000;
    private const string StreamColumns = "s.id, s.shard, s.key, s.ver, s.closed, s.timer_due, s.timer_token, p.ver, p.state";
    private const string Streams = $"select {StreamColumns} from stream s left join snapshot p on p.stream = s.id";
    private const string OpenPage = "from stream s where s.shard = $1 and not s.closed and s.id > $2 order by s.id limit $3";

    private const string TailsOfPage = $"""
        select s.id, {EventRow.Columns} from (select s.id, s.key {OpenPage}) s left join snapshot p on p.stream = s.id
          join event e on e.stream = s.id and e.ver > coalesce(p.ver, 0) order by s.id, e.ver
        """;

    private const string Tail = $"""
        select s.id, {EventRow.Columns} from stream s left join snapshot p on p.stream = s.id
          join event e on e.stream = s.id and e.ver > coalesce(p.ver, 0) where s.key = $1 order by e.ver
        """;

    public DateTimeOffset Now() => Read(connection =>
    {
        using var clock = new NpgsqlCommand("select clock_timestamp()", connection);
        return new DateTimeOffset((DateTime)clock.ExecuteScalar()!, TimeSpan.Zero);
    });

    public ContractVersion Contracts() => Read(PostgresSchema.ContractsOf);

    public IEnumerable<LoadedStream> LoadOpen(int shard)
    {
        var after = 0L;
        while (true)
        {
            var page = Read(connection => Load(
                connection, $"{Streams} where s.id in (select s.id {OpenPage}) order by s.id", TailsOfPage, new NpgsqlParameter<int> { TypedValue = shard }, new NpgsqlParameter<long> { TypedValue = after },
                new NpgsqlParameter<int> { TypedValue = StreamsPerPage }));
            foreach (var (_, stream) in page) yield return stream;
            if (page.Count < StreamsPerPage) yield break;
            after = page[^1].Id;
        }
    }

    public LoadedStream? Load(string streamKey) =>
        Read(connection => Load(connection, $"{Streams} where s.key = $1", Tail, new NpgsqlParameter<string> { TypedValue = streamKey })) is [var (_, stream)] ? stream : null;

    public IEnumerable<StoredEvent> ReadStream(string streamKey, int afterVersion)
    {
        var after = afterVersion;
        while (true)
        {
            var page = Events(
                $"select {EventRow.Columns} from stream s join event e on e.stream = s.id where s.key = $1 and e.ver > $2 order by e.ver limit $3",
                new NpgsqlParameter<string> { TypedValue = streamKey }, new NpgsqlParameter<int> { TypedValue = after }, new NpgsqlParameter<int> { TypedValue = EventsPerPage });
            foreach (var e in page) yield return e;
            if (page.Count < EventsPerPage) yield break;
            after = page[^1].Version;
        }
    }

    public IReadOnlyList<StoredEvent> ReadAll(long after, int limit)
    {
        var events = Events(Feed(EventRow.Columns), new NpgsqlParameter<long> { TypedValue = after }, new NpgsqlParameter<int> { TypedValue = limit });
        if (events.Count > 0) connections.Saw(StoredPosition.Parse(events[^1].Position));
        return events;
    }

    public (int Count, long Last) Scan(long after, int limit, EventVisitor visit) => Read(connection =>
    {
        var (count, last) = (0, after);
        using var query = Command(connection, Feed(EventRow.ScanColumns), new NpgsqlParameter<long> { TypedValue = after }, new NpgsqlParameter<int> { TypedValue = limit });
        using var row = query.ExecuteReader();
        while (row.Read())
        {
            (count, last) = (count + 1, row.GetInt64(0));
            visit(EventRow.Scan(row, row.GetFieldValue<byte[]>(9)));
        }

        connections.Saw(last);
        return (count, last);
    });

    public IdempotencyRecord? FindIdempotent(string principal, string key) => Read(connection =>
    {
        using var query = Command(
            connection, "select body_hash, answer, at from idempotency where principal = $1 and key = $2",
            new NpgsqlParameter<string> { TypedValue = principal }, new NpgsqlParameter<string> { TypedValue = key });
        using var row = query.ExecuteReader();
        return row.Read() ? new IdempotencyRecord(principal, key, row.GetString(0), row.GetString(1), StoredTime.FromTicks(row.GetInt64(2))) : null;
    });

    public (long Position, byte[] State)? LoadProjection(string name) => Read<(long, byte[])?>(connection =>
    {
        using var query = Command(connection, "select pos, state from projection where name = $1", new NpgsqlParameter<string> { TypedValue = name });
        using var row = query.ExecuteReader();
        return row.Read() ? (row.GetInt64(0), row.GetFieldValue<byte[]>(1)) : null;
    });

    // Events of all shards in the order of their commits. The index on the position leads; the stream's key is looked up for each.
    private static string Feed(string columns) => $"select {columns} from event e join stream s on s.id = e.stream where e.pos > $1 order by e.pos limit $2";

    private List<StoredEvent> Events(string sql, params NpgsqlParameter[] parameters) => Read(connection =>
    {
        var events = new List<StoredEvent>();
        using var query = Command(connection, sql, parameters);
        using var row = query.ExecuteReader();
        while (row.Read()) events.Add(EventRow.Read(row));
        return events;
    });

    // Both queries in one round trip and, as this connection's transactions are repeatable reads, in one view.
    private static List<(long Id, LoadedStream Stream)> Load(NpgsqlConnection connection, string streams, string tails, params NpgsqlParameter[] parameters)
    {
        using var batch = new NpgsqlBatch(connection) { BatchCommands = { new NpgsqlBatchCommand(streams), new NpgsqlBatchCommand(tails) } };
        foreach (var command in batch.BatchCommands) foreach (var parameter in parameters) command.Parameters.Add(parameter.Clone());
        var loaded = new List<(long Id, LoadedStream Stream)>();
        var events = new Dictionary<long, List<StoredEvent>>();
        using var row = batch.ExecuteReader();
        while (row.Read())
        {
            var tail = events[row.GetInt64(0)] = [];
            loaded.Add((row.GetInt64(0), Stream(row, tail)));
        }

        row.NextResult();
        while (row.Read()) events[row.GetInt64(0)].Add(EventRow.Read(row, first: 1));
        return loaded;
    }

    private static LoadedStream Stream(NpgsqlDataReader row, List<StoredEvent> tail) => new(
        row.GetInt32(1), row.GetString(2), row.GetInt32(3), row.GetBoolean(4), row.IsDBNull(5) ? null : StoredTime.FromTicks(row.GetInt64(5)), row.GetInt64(6),
        row.IsDBNull(8) ? default(ReadOnlyMemory<byte>?) : row.GetFieldValue<byte[]>(8), row.IsDBNull(7) ? 0 : row.GetInt32(7), tail);

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private T Read<T>(Func<NpgsqlConnection, T> query)
    {
        using var connection = connections.OpenReader();
        try
        {
            return query(connection);
        }
        catch (Exception e) when (PostgresFailure.OfRepeatable(e, connections.Place) is { } told)
        {
            throw told;
        }
    }
}
