using System.Data;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres.Cluster;

/// <summary>
/// One connection for hints (liveness, messages), opened when it is needed and again after it broke. Its commits are not waited for to be on
/// the disk: what is lost by that is said again. For one thread.
/// </summary>
/// <param name="opened">What has to be said on each new connection.</param>
internal sealed class ClusterConnection(PostgresStoreOptions options, Action<NpgsqlConnection> opened) : IDisposable
{
    // A machine that lost its power says no goodbye: without the probes its session would keep the node's name for hours.
    private const string Session = "-c tcp_keepalives_idle=2 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c synchronous_commit=off -c lock_timeout=2s -c idle_in_transaction_session_timeout=1s -c tcp_user_timeout=1s -c jit=off";

    private readonly string _connectionString = Build(options);
    private readonly string _place = PostgresConnections.PlaceOf(PostgresConnections.Parse(options.ConnectionString, null));
    private NpgsqlConnection? _connection;

    /// <exception cref="StoreUnavailableException">It broke, and what was asked may have been done: it must be safe to repeat or to lose.</exception>
    public T Use<T>(Func<NpgsqlConnection, T> use)
    {
        try
        {
            // Between two uses the driver sees for itself that the server is gone, and says so only by this state.
            if (_connection is { State: not ConnectionState.Open }) Dispose();
            return use(_connection ??= Open());
        }
        catch (Exception e)
        {
            var broke = e is InvalidOperationException && _connection is { State: not ConnectionState.Open };
            Dispose();
            if (broke) throw new StoreUnavailableException($"the connection to {_place} broke", e);
            if (PostgresFailure.OfRepeatable(e, _place) is { } told) throw told;
            throw;
        }
    }

    public void Dispose()
    {
        _connection?.Dispose();
        _connection = null;
    }

    private NpgsqlConnection Open()
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            connection.Open();
            PostgresSchema.Verify(connection, options, _place);
            opened(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static string Build(PostgresStoreOptions options)
    {
        var builder = PostgresConnections.Parse(options.ConnectionString, options.Password);
        (builder.Pooling, builder.Options, builder.CommandTimeout, builder.KeepAlive) = (false, (Session + " " + builder.Options).Trim(), 5, 2);
        (builder.MaxAutoPrepare, builder.AutoPrepareMinUsages, builder.Timeout) = (16, 2, Math.Min(builder.Timeout, 5));
        if (builder.Host?.Contains(',', StringComparison.Ordinal) == true) builder.TargetSessionAttributes = "read-write";
        return builder.ConnectionString;
    }
}
