using Npgsql;

namespace Coordinator.Bench.Cluster;

/// <summary>Looks into the database, past all coordinators, for who decides what.</summary>
public sealed class TakeoverWatch : IDisposable
{
    private readonly NpgsqlConnection connection;
    private readonly string victim;
    private readonly int[] shards;
    private readonly long[] terms;
    private long position;

    /// <summary>Remembers what the victim owns now.</summary>
    public TakeoverWatch(string connectionString, string victim)
    {
        this.victim = victim;
        connection = Open(connectionString);
        using var query = new NpgsqlCommand("select shard, term from shard where owner = $1", connection) { Parameters = { new() { Value = victim } } };
        using var row = query.ExecuteReader();
        List<(int Shard, long Term)> owned = [];
        while (row.Read()) owned.Add((row.GetInt32(0), row.GetInt64(1)));
        (shards, terms) = ([.. owned.Select(o => o.Shard)], [.. owned.Select(o => o.Term)]);
    }

    public int Shards => shards.Length;

    /// <summary>How many different coordinators own something, if no shard is without an owner; else 0.</summary>
    public static int Owners(string connectionString)
    {
        using var connection = Open(connectionString);
        using var query = new NpgsqlCommand("select case when count(*) filter (where owner = '') > 0 then 0 else count(distinct owner) end::int from shard", connection);
        return (int)query.ExecuteScalar()!;
    }

    /// <summary>From here on.</summary>
    public void Begin() => position = (long)Ask("select pos from feed")!;

    /// <summary>Somebody with a higher term has committed an event in one of the victim's shards.</summary>
    public bool HasDecided() => (bool)Ask(
        "select exists (select from event e join unnest($1, $2) v(shard, term) on v.shard = e.shard where e.pos > $3 and e.term > v.term)",
        new NpgsqlParameter<int[]> { TypedValue = shards }, new NpgsqlParameter<long[]> { TypedValue = terms }, new NpgsqlParameter<long> { TypedValue = position })!;

    /// <summary>The victim has none of them any more.</summary>
    public bool HasAll() => (bool)Ask(
        "select not exists (select from shard where shard = any($1) and owner in ($2, ''))", new NpgsqlParameter<int[]> { TypedValue = shards }, new NpgsqlParameter<string> { TypedValue = victim })!;

    public void Dispose() => connection.Dispose();

    private static NpgsqlConnection Open(string connectionString)
    {
        var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Search Path=coordinator");
        connection.Open();
        return connection;
    }

    private object? Ask(string sql, params NpgsqlParameter[] parameters)
    {
        using var query = new NpgsqlCommand(sql, connection);
        foreach (var parameter in parameters) query.Parameters.Add(parameter);
        return query.ExecuteScalar();
    }
}
