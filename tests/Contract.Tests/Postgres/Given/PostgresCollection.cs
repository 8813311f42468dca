using Contract.Tests.Stores;
using Coordinator.Adapters.Postgres.Schema;
using Lab.Servers;
using Npgsql;

namespace Contract.Tests.Postgres.Given;

/// <summary>One server for all tests against PostgreSQL; each has a database of its own, copied from one that was migrated once.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresCollection : ICollectionFixture<SharedServer>
{
    public const string Name = "PostgreSQL";
}

public sealed class SharedServer : IDisposable
{
    private const string Template = "migrated";

    // Nobody pulls this machine's plug: what is flushed and when is not what these tests are about, and making databases is much faster without.
    private readonly PostgresServer _server = new("-c", "fsync=off");
    private readonly Lock _gate = new();
    private readonly Stack<string> _clean = new();
    private bool _ready;

    public int Port => _server.Port;

    /// <summary>A new database with the current schema. Its connection string.</summary>
    public string NewDatabase()
    {
        Ready();
        return Create("template " + Template);
    }

    /// <summary>A new database with nothing in it.</summary>
    public string NewEmptyDatabase()
    {
        Ready();
        return Create("");
    }

    /// <summary>A database as if it were new, which is faster than a new one. To be given back, unless the test changed more than rows.</summary>
    public string Rent()
    {
        lock (_gate)
        {
            if (_clean.TryPop(out var database)) return database;
        }

        return NewDatabase();
    }

    public void GiveBack(string database)
    {
        Run(database, """
            set session_replication_role = replica;
            truncate event, stream, snapshot, idempotency, projection, node, node_wish, bus_subscription, bus_message restart identity;
            update shard set term = 0, owner = '', seq = 0;
            update feed set pos = 0;
            """);
        lock (_gate) _clean.Push(database);
    }

    public void Run(string sql) => Run(_server.ConnectionString(), sql);

    /// <summary>Runs SQL from outside, as a person with a shell would.</summary>
    public static void Run(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Search Path=coordinator");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    public static T Ask<T>(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false;Search Path=coordinator");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (T)command.ExecuteScalar()!;
    }

    public void Dispose() => _server.Dispose();

    private string Create(string how)
    {
        var name = _server.NewName();
        Run($"create database {name} {how}");
        return _server.ConnectionString(name);
    }

    private void Ready()
    {
        lock (_gate)
        {
            if (_ready) return;
            _server.Start();
            Run($"create database {Template}");
            new SchemaMigrator(_server.ConnectionString(Template), "test").Migrate(SchemaMigrator.Newest, StoreUnderTest.ShardCount);
            _ready = true;
        }
    }
}
