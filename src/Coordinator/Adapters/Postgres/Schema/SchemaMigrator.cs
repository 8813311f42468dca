using System.Globalization;
using Coordinator.Adapters.Postgres.Cluster;
using Coordinator.Application.Cluster;
using Coordinator.Application.Store;
using Coordinator.Shared.Contracts;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Schema;

/// <summary>
/// Brings a database to a schema version, forward or back, one step a transaction. Only one migrator works at a time: the others wait for it and
/// then find nothing left to do. To be run by the owner of the database, while coordinators of both versions that meet in it are compatible.
/// </summary>
public sealed class SchemaMigrator
{
    // Any number, as long as it stays the same: it names the lock.
    private const long LockKey = 0x4C4D_5343_4845_4D41;

    private readonly string _connectionString;
    private readonly string _place;
    private readonly string _program;

    /// <param name="program">Version of this program, kept beside each step it runs.</param>
    /// <param name="password">Replaces the connection string's, if any.</param>
    /// <exception cref="StoreConfigurationException">The connection string cannot be read.</exception>
    public SchemaMigrator(string connectionString, string program, string? password = null)
    {
        var builder = PostgresConnections.Parse(connectionString, password);
        (builder.Pooling, builder.CommandTimeout) = (false, 0);
        (_connectionString, _place, _program) = (builder.ConnectionString, PostgresConnections.PlaceOf(builder), program);
    }

    /// <summary>The newest version this program knows.</summary>
    public static int Newest => PostgresSchema.Version;

    /// <summary>Reads only. May be run at any time.</summary>
    /// <exception cref="StoreUnavailableException">The database cannot be reached; may be repeated.</exception>
    /// <exception cref="StoreConfigurationException">It refuses us.</exception>
    public SchemaStatus Status() => Connected(connection => StatusOf(connection));

    /// <summary>Runs the steps between the database's version and <paramref name="target"/>. Safe to repeat, and to run from several places at once.</summary>
    /// <param name="target">0 to <see cref="Newest"/>. Going back to 0 drops every table, and is refused while there are events.</param>
    /// <param name="shards">Shards of a new database, 1 to 4096; fixed from then on.</param>
    /// <param name="grantTo">A role that may run coordinators: it reads and appends, and can neither change nor delete events. Null for none.</param>
    /// <returns>What the database is like afterwards.</returns>
    /// <exception cref="StoreUnavailableException">The database cannot be reached, or a step failed and was rolled back; may be repeated.</exception>
    /// <exception cref="StoreConfigurationException">It refuses us, is newer than this program, or would lose events.</exception>
    public SchemaStatus Migrate(int target, int shards, string? grantTo = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)target, (uint)Newest, nameof(target));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)shards - 1, 4095u, nameof(shards));
        return Connected(connection =>
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"select pg_advisory_lock({LockKey})"));
            var version = PostgresSchema.VersionOf(connection);
            if (version > Newest) throw new StoreConfigurationException($"{_place} has schema version {version}, this program knows {Newest}: use the version that migrated it, or a newer one");
            var isNew = version == 0;
            for (; version < target; version++) Forward(connection, Migration.All[version], shards);
            // Nobody older has ever worked on it.
            if (isNew && version == Newest) Execute(connection, $"update meta set value = '{ContractVersion.Current}' where name = 'contracts'");
            // Who could run a coordinator before can do so with the tables that were added.
            foreach (var role in Runners(connection, version)) Grant(connection, role, version);
            for (; version > target; version--) Back(connection, Migration.All[version - 1]);
            if (grantTo is not null && target > 0) Grant(connection, grantTo, target);
            return StatusOf(connection);
        });
    }

    /// <summary>
    /// Ends an upgrade: from now on event types of these contracts may be written, and programs that do not speak them are refused. Safe to repeat; never goes back.
    /// </summary>
    /// <exception cref="StoreUnavailableException">The database cannot be reached; may be repeated.</exception>
    /// <exception cref="StoreConfigurationException">A coordinator that lives does not speak them yet, or the database is not migrated.</exception>
    public SchemaStatus Finish(ContractVersion contracts) => Connected(connection =>
    {
        if (PostgresSchema.VersionOf(connection) < Newest) throw new StoreConfigurationException($"{_place} is not migrated yet: run: coordinator schema migrate");
        if (Older(connection, contracts) is { Length: > 0 } nodes)
            throw new StoreConfigurationException($"these coordinators do not speak contracts {contracts} yet: {nodes}: upgrade or stop them first");
        if (PostgresSchema.ContractsOf(connection) < contracts) Execute(connection, $"update meta set value = '{contracts}' where name = 'contracts'");
        return StatusOf(connection);
    });

    // A node that starts meanwhile looks at the contracts with its first connection, and is refused.
    private static string Older(NpgsqlConnection connection, ContractVersion contracts)
    {
        using var batch = new NpgsqlBatch(connection);
        PostgresMembership.Add(batch, $"select n.name, n.facts from node n where {PostgresMembership.Lives} order by 1", (uint)PostgresMembership.LockSpace, PostgresMembership.SilentMax);
        using var row = batch.ExecuteReader();
        List<string> older = [];
        while (row.Read())
        {
            if (ContractVersion.Of(ClusterJson.Read(row.GetString(1)).Contracts) is var spoken && spoken < contracts) older.Add($"{row.GetString(0)} ({spoken})");
        }

        return string.Join(", ", older);
    }

    private void Forward(NpgsqlConnection connection, Migration step, int shards)
    {
        using var transaction = connection.BeginTransaction();
        if (step.Version == 1) Execute(connection, $"create schema if not exists {PostgresSchema.Name}; create table schema_version(version int primary key, name text not null, at timestamptz not null default now(), program text not null)");
        Execute(connection, step.Up);
        if (step.Version == 1)
        {
            Execute(connection, string.Create(CultureInfo.InvariantCulture, $"""
                insert into meta values('shards', '{shards}');
                insert into shard select n, 0, '', 0 from generate_series(0, {shards - 1}) n;
                insert into feed values(true, 0);
                """));
        }

        using var record = new NpgsqlCommand("insert into schema_version(version, name, program) values($1, $2, $3)", connection)
        {
            Parameters = { new() { Value = step.Version }, new() { Value = step.Name }, new() { Value = _program } },
        };
        record.ExecuteNonQuery();
        transaction.Commit();
    }

    private void Back(NpgsqlConnection connection, Migration step)
    {
        using var transaction = connection.BeginTransaction();
        if (step.Version == 1)
        {
            using var feed = new NpgsqlCommand("select pos from feed for update", connection);
            var events = (long)feed.ExecuteScalar()!;
            if (events > 0) throw new StoreConfigurationException($"{_place} holds {events} events, which going back to version 0 would delete: drop the database yourself if you mean it");
        }

        Execute(connection, step.Down);
        Execute(connection, step.Version == 1 ? "drop table schema_version" : string.Create(CultureInfo.InvariantCulture, $"delete from schema_version where version = {step.Version}"));
        transaction.Commit();
    }

    // Rows of the event table can be added and read. Nothing is granted that could change or delete one.
    private void Grant(NpgsqlConnection connection, string role, int version)
    {
        using var known = new NpgsqlCommand("select quote_ident(rolname) from pg_roles where rolname = $1", connection) { Parameters = { new() { Value = role } } };
        if (known.ExecuteScalar() is not string quoted) throw new StoreConfigurationException($"{_place} has no role '{role}': create it first: create role … login");
        Execute(connection, $"""
            grant usage on schema {PostgresSchema.Name} to {quoted};
            grant select on all tables in schema {PostgresSchema.Name} to {quoted};
            grant insert on event to {quoted};
            grant insert, update on stream, snapshot, projection to {quoted};
            grant update on shard, feed to {quoted};
            grant insert, delete on idempotency to {quoted};
            """);
        if (version >= 2) Execute(connection, $"grant insert, update, delete on node, bus_subscription, bus_message to {quoted}");
        if (version >= 4) Execute(connection, $"grant insert on node_wish to {quoted}");
    }

    private static List<string> Runners(NpgsqlConnection connection, int version)
    {
        List<string> roles = [];
        if (version == 0) return roles;
        using var granted = new NpgsqlCommand(
            """
            select r.rolname from pg_class c cross join aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
             where c.oid = to_regclass('event') and a.privilege_type = 'INSERT' and a.grantee <> c.relowner
            """, connection);
        using var row = granted.ExecuteReader();
        while (row.Read()) roles.Add(row.GetString(0));
        return roles;
    }

    private SchemaStatus StatusOf(NpgsqlConnection connection)
    {
        var version = PostgresSchema.VersionOf(connection);
        if (version == 0) return new SchemaStatus(_place, 0, Newest, [], null, 0);
        List<AppliedMigration> applied = [];
        using (var steps = new NpgsqlCommand("select version, name, at, program from schema_version order by version", connection))
        using (var row = steps.ExecuteReader())
        {
            while (row.Read()) applied.Add(new AppliedMigration(row.GetInt32(0), row.GetString(1), row.GetFieldValue<DateTimeOffset>(2), row.GetString(3)));
        }

        using var facts = new NpgsqlCommand("select (select value::int from meta where name = 'shards'), (select pos from feed), (select value from meta where name = 'contracts')", connection);
        using var fact = facts.ExecuteReader();
        fact.Read();
        return new SchemaStatus(_place, version, Newest, applied, fact.GetInt32(0), fact.GetInt64(1)) { Contracts = ContractVersion.Of(fact.IsDBNull(2) ? null : fact.GetString(2)) };
    }

    private T Connected<T>(Func<NpgsqlConnection, T> work)
    {
        try
        {
            using var connection = new NpgsqlConnection(_connectionString);
            connection.Open();
            PostgresConnections.RequireVersion(connection.PostgreSqlVersion.Major, connection.ServerVersion, _place);
            return work(connection);
        }
        catch (Exception e) when (PostgresFailure.OfOpening(e, _place) is { } told)
        {
            throw told;
        }
    }

    private static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }
}
