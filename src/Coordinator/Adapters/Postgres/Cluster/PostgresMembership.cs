using System.Diagnostics;
using Coordinator.Application.Bus;
using Coordinator.Application.Cluster;
using Coordinator.Application.Store;
using Coordinator.Shared.Identity;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Cluster;

/// <summary>
/// Liveness by two signs that fail at different times. A session lock on the node's name: the server drops it the moment the process is killed. A
/// time of the last beat: for a process that stands still, or whose line is cut without a word.
/// </summary>
public sealed class PostgresMembership : IClusterMembership
{
    /// <summary>First half of the lock's number; the second is a hash of the name.</summary>
    internal const int LockSpace = 0x4C4D;

    /// <summary>Whether row n of table node lives; $1 is <see cref="LockSpace"/>, $2 <see cref="SilentMax"/>.</summary>
    internal const string Lives =
        """
        n.seen > clock_timestamp() - $2 and exists (
          select from pg_locks l where l.locktype = 'advisory' and l.granted and l.objsubid = 2 and l.classid = $1
             and l.objid::bigint = hashtext(n.name)::bigint & 4294967295 and l.database = (select oid from pg_database where datname = current_database()))
        """;

    /// <summary>What operators want of each node now, and how often they wanted something.</summary>
    internal const string NewestWishes = "select distinct on (node) node, drained, at, actor, reason, count(*) over (partition by node) as wishes from node_wish order by node, n desc";

    internal static readonly TimeSpan SilentMax = TimeSpan.FromSeconds(4);

    private static readonly TimeSpan DeadShownFor = TimeSpan.FromDays(1);

    // Only shown to people, and thousands of rows in a large fleet.
    private static readonly TimeSpan LinksEvery = TimeSpan.FromMilliseconds(750);

    private readonly string _node;
    private readonly TimeSpan _namePatience;
    private readonly int _shardCount;
    private readonly ClusterConnection _connection;
    private readonly Func<IReadOnlyCollection<HostId>>? _ownLinks;
    private IReadOnlyDictionary<HostId, string> _links = new Dictionary<HostId, string>();
    private long _lookedAtLinks;

    /// <param name="node">This node's name; a lock on it is taken with the first beat.</param>
    /// <param name="namePatience">How long another process that has this name may take to disappear; default 15 s.</param>
    /// <param name="links">Hosts whose link stands here now; null where a bus in the same database says so.</param>
    public PostgresMembership(PostgresStoreOptions options, string node, TimeSpan? namePatience = null, Func<IReadOnlyCollection<HostId>>? links = null)
    {
        (_node, _shardCount, _namePatience, _ownLinks) = (node, options.ShardCount, namePatience ?? TimeSpan.FromSeconds(15), links);
        _connection = new ClusterConnection(options, LockName);
    }

    public ClusterView Beat(NodeFacts facts) => _connection.Use(connection =>
    {
        using var batch = new NpgsqlBatch(connection);
        Add(
            batch,
            """
            insert into node(name, seen, clock, facts) values($1, clock_timestamp(), $2, $3)
            on conflict (name) do update set seen = excluded.seen, clock = excluded.clock, facts = excluded.facts
            """,
            _node, DateTime.UtcNow, ClusterJson.Write(facts));
        Add(batch, "delete from node where seen < clock_timestamp() - $1", DeadShownFor);
        Add(batch, $"select n.name, {Lives} from node n", (uint)LockSpace, SilentMax);
        Add(batch, $"select node from ({NewestWishes}) w where drained");
        Add(batch, "select shard, owner from shard");
        var looksAtLinks = Stopwatch.GetElapsedTime(_lookedAtLinks) >= LinksEvery;
        if (looksAtLinks) Add(batch, "select address, node from bus_subscription where address like 'host.%' and node <> $1", _node);
        if (looksAtLinks && _ownLinks is not null) Add(batch, "select count(*) from bus_subscribe($1, $2)", _node, _ownLinks().Select(BusMessage.Host).ToArray());
        using var row = batch.ExecuteReader();
        List<string> live = [], dead = [];
        while (row.Read()) (row.GetBoolean(1) ? live : dead).Add(row.GetString(0));
        row.NextResult();
        var draining = new HashSet<string>(StringComparer.Ordinal);
        while (row.Read()) draining.Add(row.GetString(0));
        row.NextResult();
        var owners = new string[_shardCount];
        while (row.Read()) owners[row.GetInt32(0)] = row.GetString(1);
        if (looksAtLinks && row.NextResult()) ReadLinks(row);
        return new ClusterView(live, dead, owners, _links) { Draining = draining };
    });

    public void Release(IReadOnlyList<ShardLease> leases) => _connection.Use(connection =>
    {
        using var release = new NpgsqlCommand(
            "update shard s set owner = '' from unnest($1, $2) l(shard, term) where s.shard = l.shard and s.term = l.term and s.owner = $3", connection);
        release.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. leases.Select(l => l.Shard)] });
        release.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = [.. leases.Select(l => l.Term.Value)] });
        release.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _node });
        return release.ExecuteNonQuery();
    });

    public void Forget(string node) => _connection.Use(connection =>
    {
        using var batch = new NpgsqlBatch(connection);
        Add(batch, "delete from bus_subscription where node = $1", node);
        Add(batch, "delete from bus_message where node = $1", node);
        return batch.ExecuteNonQuery();
    });

    public void Leave() => _connection.Use(connection =>
    {
        using var leave = new NpgsqlCommand("select forget_node($1)", connection) { Parameters = { new NpgsqlParameter<string> { TypedValue = _node } } };
        return leave.ExecuteNonQuery();
    });

    public void Dispose() => _connection.Dispose();

    private void ReadLinks(NpgsqlDataReader row)
    {
        var links = new Dictionary<HostId, string>();
        while (row.Read())
        {
            if (HostId.TryParse(row.GetString(0)["host.".Length..], out var host)) links[host] = row.GetString(1);
        }

        (_links, _lookedAtLinks) = (links, Stopwatch.GetTimestamp());
    }

    // A process killed a moment ago still has it until the server has noticed.
    private void LockName(NpgsqlConnection connection)
    {
        var began = Stopwatch.GetTimestamp();
        using var take = new NpgsqlCommand("select pg_try_advisory_lock($1, hashtext($2))", connection);
        take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = LockSpace });
        take.Parameters.Add(new NpgsqlParameter<string> { TypedValue = _node });
        while (!(bool)take.ExecuteScalar()!)
        {
            if (Stopwatch.GetElapsedTime(began) > _namePatience)
                throw new StoreConfigurationException($"another coordinator named {_node} lives on this database: give each its own name");
            Thread.Sleep(50);
        }
    }

    internal static void Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
        {
            var parameter = new NpgsqlParameter { Value = value };
            if (value is uint) parameter.NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Oid;
            command.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(command);
    }
}
