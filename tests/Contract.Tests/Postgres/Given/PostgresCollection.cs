using Coordinator.Adapters.Postgres;
using Coordinator.Adapters.Postgres.Schema;
using Contract.Tests.Stores;
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
