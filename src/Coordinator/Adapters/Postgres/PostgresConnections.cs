using System.Globalization;
using Coordinator.Adapters.Postgres.Schema;
using Coordinator.Application.Store;
using Npgsql;

namespace Coordinator.Adapters.Postgres;

/// <summary>
/// Opens connections, and looks at each new one before it is used: a server that is too old, only a standby, or that lacks events this process has
/// seen (an old copy was put in its place) is refused.
/// </summary>
internal sealed class PostgresConnections : IDisposable
{
    /// <summary>Everything used here exists from 13 on; tested with 15.</summary>
    private const int ServerMin = 13;

    // A peer that vanished must not hold locks: bounds for what the server waits for. The plans of an append are always right with indexes, also when
    // they were made while the tables were still empty.
    private const string Session = "-c lock_timeout=5s -c idle_in_transaction_session_timeout=1s -c tcp_user_timeout=1s ";
    private const string Writing = Session + "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off";
    private const string Reading = "-c default_transaction_isolation=repeatable\\ read -c default_transaction_read_only=on -c jit=off";

    private readonly NpgsqlDataSource _writer;
    private readonly NpgsqlDataSource _readers;
    private readonly PostgresStoreOptions _options;
    private readonly string _place;
    private long _seen;
    private volatile bool _opened;
    private volatile bool _disposed;

    /// <exception cref="StoreConfigurationException">The connection string cannot be read.</exception>
    public PostgresConnections(PostgresStoreOptions options)
    {
        var builder = Parse(options.ConnectionString, options.Password);
        (_place, _options) = (PlaceOf(builder), options);
        builder.CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds);
        _writer = Build(builder, Writing, 1);
        _readers = Build(builder, Reading, options.Readers);
    }

    /// <summary>For messages: host and database, never a secret.</summary>
    public string Place => _place;

    public NpgsqlConnection OpenWriter() => Open(_writer);

    public NpgsqlConnection OpenReader() => Open(_readers);

    /// <summary>A position that this process knows to be committed.</summary>
    public void Saw(long position)
    {
        long seen;
        while (position > (seen = Interlocked.Read(ref _seen)) && Interlocked.CompareExchange(ref _seen, position, seen) != seen)
        {
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _writer.Dispose();
        _readers.Dispose();
    }

    internal static NpgsqlConnectionStringBuilder Parse(string connectionString, string? password)
    {
        try
        {
            var builder = new NpgsqlConnectionStringBuilder(connectionString) { SearchPath = PostgresSchema.Name, ApplicationName = "coordinator" };
            if (password is not null) builder.Password = password;
            return builder;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            // Npgsql's words name the setting, not its value.
            throw new StoreConfigurationException($"the connection string cannot be read ({e.Message.ReplaceLineEndings(" ")}): write it as Host=…;Database=…;Username=…", e);
        }
    }

    internal static string PlaceOf(NpgsqlConnectionStringBuilder builder) =>
        string.Create(CultureInfo.InvariantCulture, $"PostgreSQL {builder.Host}:{builder.Port} database {builder.Database ?? builder.Username}");

    internal static void RequireVersion(int major, string version, string place)
    {
        if (major < ServerMin) throw new StoreConfigurationException($"{place} is version {version}: version {ServerMin} or newer is needed, upgrade the server");
    }

    private NpgsqlDataSource Build(NpgsqlConnectionStringBuilder builder, string session, int connections)
    {
        var own = new NpgsqlConnectionStringBuilder(builder.ConnectionString)
        {
            Options = (session + " " + builder.Options).Trim(), MaxPoolSize = connections, NoResetOnClose = true, MaxAutoPrepare = 32, AutoPrepareMinUsages = 2,
            KeepAlive = 5, TcpKeepAlive = true, TcpKeepAliveTime = 5, TcpKeepAliveInterval = 1, Enlist = false,
        };
        if (own.Timeout > 5) own.Timeout = 5;
        var source = new NpgsqlDataSourceBuilder(own.ConnectionString);
        source.UsePhysicalConnectionInitializer(Inspect, connection => { Inspect(connection); return Task.CompletedTask; });
        return own.Host?.Contains(',', StringComparison.Ordinal) == true ? source.BuildMultiHost().WithTargetSession(TargetSessionAttributes.ReadWrite) : source.Build();
    }

    private NpgsqlConnection Open(NpgsqlDataSource source)
    {
        ObjectDisposedException.ThrowIf(_disposed, typeof(PostgresStore));
        try
        {
            var connection = source.OpenConnection();
            _opened = true;
            return connection;
        }
        catch (StoreConfigurationException e) when (_opened)
        {
            // It was right when this process began: somebody is changing it, and may change it back.
            throw new StoreUnavailableException(e.Message, e);
        }
        catch (Exception e) when (PostgresFailure.OfOpening(e, _place) is { } told)
        {
            if (_opened && told is StoreConfigurationException) throw new StoreUnavailableException(told.Message, e);
            throw told;
        }
    }

    private void Inspect(NpgsqlConnection connection)
    {
        RequireVersion(connection.PostgreSqlVersion.Major, connection.ServerVersion, _place);
        using (var standby = new NpgsqlCommand("select pg_is_in_recovery()", connection))
        {
            if ((bool)standby.ExecuteScalar()!) throw new StoreUnavailableException($"{_place} is a standby and takes no writes: name the primary, or promote it");
        }

        PostgresSchema.Verify(connection, _options, _place);
        using var feed = new NpgsqlCommand("select pos from feed", connection);
        var position = (long)feed.ExecuteScalar()!;
        var seen = Interlocked.Read(ref _seen);
        if (position < seen)
        {
            throw new StoreUnavailableException(
                $"{_place} has gone backwards: it ends at event {position}, this process has seen event {seen}; an old copy was put in its place: bring the newer one back");
        }
    }
}
