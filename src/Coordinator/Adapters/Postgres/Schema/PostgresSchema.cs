using System.Globalization;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Schema;

/// <summary>What a database must look like to be used by this program.</summary>
internal static class PostgresSchema
{
    /// <summary>The namespace in the database that holds every table of ours.</summary>
    public const string Name = "coordinator";

    /// <summary>A row of <c>meta</c> while a backup is being restored.</summary>
    public const string Restoring = "restoring";

    /// <summary>The version this program was written for.</summary>
    public static int Version => Migration.All.Count;

    /// <summary>Version of the database: 0 if there is none of ours in it.</summary>
    public static int VersionOf(NpgsqlConnection connection)
    {
        using var exists = new NpgsqlCommand($"select to_regclass('{Name}.schema_version') is not null", connection);
        if (!(bool)exists.ExecuteScalar()!) return 0;
        using var version = new NpgsqlCommand($"select coalesce(max(version), 0) from {Name}.schema_version", connection);
        return (int)version.ExecuteScalar()!;
    }

    /// <summary>The contracts whose event types may be in the database, and may be written.</summary>
    public static ContractVersion ContractsOf(NpgsqlConnection connection)
    {
        using var contracts = new NpgsqlCommand($"select value from {Name}.meta where name = 'contracts'", connection);
        return ContractVersion.Of((string?)contracts.ExecuteScalar());
    }

    /// <exception cref="StoreConfigurationException">Missing, older, newer, or made with another shard count: one line with the remedy.</exception>
    public static void Verify(NpgsqlConnection connection, PostgresStoreOptions options, string place)
    {
        var version = VersionOf(connection);
        if (version == 0) throw new StoreConfigurationException($"{place} has no tables of the coordinator: run: coordinator schema migrate");
        if (version < Version) throw new StoreConfigurationException($"{place} has schema version {version}, this program needs {Version}: run: coordinator schema migrate");
        if (version > Version && OldestProgram(connection) is var oldest && oldest > Version)
        {
            throw new StoreConfigurationException(
                $"{place} has schema version {version}, for programs that know at least {oldest}; this one knows {Version}: start the version that migrated it, or a newer one");
        }

        if (ContractsOf(connection) is var contracts && contracts > options.Contracts)
        {
            throw new StoreConfigurationException(
                $"{place} may hold events of contracts {contracts}, this program speaks {options.Contracts}: the upgrade was finished (coordinator schema finish), start a version that speaks them");
        }

        using var meta = new NpgsqlCommand($"select value from {Name}.meta where name = 'shards'", connection);
        var shards = int.Parse((string)meta.ExecuteScalar()!, CultureInfo.InvariantCulture);
        if (shards != options.ShardCount)
        {
            throw new StoreConfigurationException(
                $"{place} was made with {shards} shards, configured are {options.ShardCount}: the number is fixed for the life of a database, set it back");
        }

        if (options.Unfinished) return;
        using var restoring = new NpgsqlCommand($"select count(*) from {Name}.meta where name = '{Restoring}'", connection);
        if ((long)restoring.ExecuteScalar()! > 0) throw new StoreConfigurationException($"{place} holds a backup whose restore was not finished: drop the database and restore again");
    }

    // Steps that only add leave older programs working: how else could a cluster be upgraded node by node?
    private static int OldestProgram(NpgsqlConnection connection)
    {
        using var oldest = new NpgsqlCommand($"select value from {Name}.meta where name = 'schema_min'", connection);
        return int.Parse((string)oldest.ExecuteScalar()!, CultureInfo.InvariantCulture);
    }
}
