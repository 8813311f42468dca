using Coordinator.Domain.Migrations;
using Npgsql;

namespace Coordinator.Bench.Cluster;

/// <summary>Years of history in minutes: one closed migration, copied under other names while no coordinator runs.</summary>
public static class ClosedMigrations
{
    /// <param name="count">How many copies; each has all events of the shortest closed migration there is.</param>
    /// <returns>Events written.</returns>
    public static long Fill(string connectionString, int count)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Search Path=coordinator;Command Timeout=1800");
        connection.Open();
        using var fill = new NpgsqlCommand(
            $"""
            create temp table original as
              select s.id, substr(s.key, length('migration-') + 1) as name, s.ver from stream s where s.closed and s.key like 'migration-%'
                and exists (select from event e where e.stream = s.id and e.type = '{nameof(MigrationClosed)}') order by s.ver limit 1;
            create temp table copy as
              select i, (i - 1) % n.shards as shard, 'm-' || to_char((i - 1) % n.shards, 'FM000') || '-' || lpad(to_hex(i), 15, '0') as name
                from generate_series(1, {count}) i, (select count(*)::int as shards from shard) n;
            insert into stream(key, shard, ver, closed, timer_token) select 'migration-' || c.name, c.shard, o.ver, true, 0 from copy c, original o;
            insert into event(pos, shard, seq, stream, ver, term, type, schema, at, body, meta)
              select f.pos + (c.i - 1)::bigint * o.ver + e.ver, c.shard, h.seq + (c.i - 1) / n.shards * o.ver + e.ver, s.id, e.ver, e.term, e.type, e.schema, e.at,
                     replace(e.body, o.name, c.name), e.meta
                from copy c join stream s on s.key = 'migration-' || c.name join shard h on h.shard = c.shard, original o join event e on e.stream = o.id, feed f,
                     (select count(*)::int as shards from shard) n;
            update shard h set seq = h.seq + c.n * o.ver from (select shard, count(*) as n from copy group by shard) c, original o where h.shard = c.shard;
            update feed set pos = pos + {count}::bigint * (select ver from original);
            """, connection);
        fill.ExecuteNonQuery();
        using var analyze = new NpgsqlCommand("analyze", connection);
        analyze.ExecuteNonQuery();
        using var events = new NpgsqlCommand($"select {count}::bigint * ver from original", connection);
        return (long)events.ExecuteScalar()!;
    }
}
