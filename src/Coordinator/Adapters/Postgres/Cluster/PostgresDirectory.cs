using System.Diagnostics;
using System.Globalization;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Cluster;
using Coordinator.Application.Store;
using Coordinator.Domain;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Cluster;

/// <summary>What operators see of the nodes on one database, read from it by whichever node is asked.</summary>
public sealed class PostgresDirectory(PostgresStoreOptions options) : IClusterDirectory
{
    private readonly Lock _gate = new();
    private readonly ClusterConnection _connection = new(options, _ => { });
    private readonly string _place = PostgresConnections.PlaceOf(PostgresConnections.Parse(options.ConnectionString, null));

    public StoreRecord Store() => Use(connection =>
    {
        var began = Stopwatch.GetTimestamp();
        var clock = Ask<DateTime>(connection, "select clock_timestamp()");
        var took = Stopwatch.GetElapsedTime(began);
        return new StoreRecord(_place, took, clock, Ask<long>(connection, "select pos from feed"), (PostgresSchema.VersionOf(connection), PostgresSchema.Version));
    });

    public IReadOnlyList<NodeRecord> Nodes() => Use(Read);

    public IReadOnlyList<ShardRecord> Shards() => Use(connection =>
    {
        using var batch = new NpgsqlBatch(connection);
        PostgresMembership.Add(
            batch,
            $"""
            select s.shard, s.owner, exists (select from node n where n.name = s.owner and {PostgresMembership.Lives}), s.term, s.seq, coalesce(o.streams, 0)::int
              from shard s left join (select shard, count(*) as streams from stream where not closed group by shard) o on o.shard = s.shard
             order by s.shard
            """,
            (uint)PostgresMembership.LockSpace, PostgresMembership.SilentMax);
        using var row = batch.ExecuteReader();
        List<ShardRecord> shards = [];
        while (row.Read()) shards.Add(new ShardRecord(row.GetInt32(0), row.GetString(1), row.GetBoolean(2), row.GetInt64(3), row.GetInt64(4), row.GetInt32(5)));
        return shards;
    });

    // Wishes of all nodes take turns, so that two of them cannot drain each other's last one.
    public Refusal? Wish(NodeWish wish) => Use(connection =>
    {
        using var transaction = connection.BeginTransaction();
        Execute(connection, "set local synchronous_commit = on");
        Execute(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_xact_lock({PostgresMembership.LockSpace}, 0)"));
        if (wish.Key is not null && Earlier(connection, wish) is { } hash)
            return hash == wish.BodyHash ? null : new Refusal("idempotency.otherBody", $"the key '{wish.Key}' was used for another request", "use a new key for a new request");
        var nodes = Read(connection);
        if (NodeWishes.Refuse(wish, nodes) is { } refusal) return refusal;
        if ((nodes.FirstOrDefault(n => n.Name == wish.Node)?.Drain is not null) == wish.Drained) return null;
        Write(connection, wish);
        transaction.Commit();
        return null;
    });

    public void Dispose()
    {
        lock (_gate) _connection.Dispose();
    }

    private static IReadOnlyList<NodeRecord> Read(NpgsqlConnection connection)
    {
        using var batch = new NpgsqlBatch(connection);
        PostgresMembership.Add(
            batch,
            $"""
            select n.name, {PostgresMembership.Lives}, n.seen, n.clock - n.seen, n.facts, (select count(*) from shard s where s.owner = n.name)::int,
                   w.drained, w.at, w.actor, w.reason, coalesce(w.wishes, 0)::int
              from node n left join ({PostgresMembership.NewestWishes}) w on w.node = n.name
             order by n.name
            """,
            (uint)PostgresMembership.LockSpace, PostgresMembership.SilentMax);
        using var row = batch.ExecuteReader();
        List<NodeRecord> nodes = [];
        while (row.Read())
        {
            var drain = !row.IsDBNull(6) && row.GetBoolean(6) ? new DrainRecord(row.GetDateTime(7), row.GetString(8), row.IsDBNull(9) ? null : row.GetString(9)) : null;
            nodes.Add(new NodeRecord(
                row.GetString(0), row.GetBoolean(1), row.GetDateTime(2), row.IsDBNull(3) ? null : row.GetTimeSpan(3), ClusterJson.Read(row.GetString(4)), row.GetInt32(5), drain,
                row.GetInt32(10)));
        }

        return nodes;
    }

    // Hash of the body that this key was used with; null if it was not.
    private static string? Earlier(NpgsqlConnection connection, NodeWish wish)
    {
        using var earlier = new NpgsqlCommand("select body_hash from node_wish where actor = $1 and key = $2", connection) { Parameters = { Text(wish.Actor), Text(wish.Key) } };
        return (string?)earlier.ExecuteScalar();
    }

    private static void Write(NpgsqlConnection connection, NodeWish wish)
    {
        using var write = new NpgsqlCommand("insert into node_wish(node, drained, actor, reason, request, key, body_hash) values($1, $2, $3, $4, $5, $6, $7)", connection)
        {
            Parameters = { Text(wish.Node), new NpgsqlParameter<bool> { TypedValue = wish.Drained }, Text(wish.Actor), Text(wish.Reason), Text(wish.RequestId), Text(wish.Key), Text(wish.BodyHash) },
        };
        write.ExecuteNonQuery();
    }

    private static NpgsqlParameter<string?> Text(string? value) => new() { TypedValue = value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text };

    private static T Ask<T>(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    private T Use<T>(Func<NpgsqlConnection, T> use)
    {
        lock (_gate) return _connection.Use(use);
    }
}
