using System.Globalization;
using Cli.Demo;
using Npgsql;

namespace Lab.Servers;

/// <summary>
/// A private PostgreSQL of this test process, started when it is first needed and stopped by <see cref="Dispose"/>.
/// </summary>
/// <param name="options">The server's own, as <c>-c fsync=off</c>.</param>
public sealed class PostgresServer(params string[] options) : IDisposable
{
    private static readonly ServerScript Script = new("pg.sh");
    private readonly Lock _gate = new();
    private readonly string _password = Guid.NewGuid().ToString("N");
    private string? _folder;
    private int _databases;

    public int Port { get; } = FreePort.Find();

    /// <summary>Words for connecting to a database of this server as its owner.</summary>
    public string ConnectionString(string database = "postgres") => $"Host=127.0.0.1;Port={Port};Username=lm;Password={_password};Database={database}";

    public string Password => _password;

    /// <summary>A name nobody has used yet.</summary>
    public string NewName(string prefix = "test") => prefix + "_" + Interlocked.Increment(ref _databases);

    /// <summary>Starts it, if it does not run.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_folder is not null) return;
            if (WhyMissing() is { } missing) throw new InvalidOperationException(missing);
            var folder = Directory.CreateTempSubdirectory("lm-pg-").FullName;
            Control(["up", folder, $"{Port}", .. options]);
            _folder = folder;
            // xunit does not dispose a test whose preparation failed.
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
        }
    }

    /// <summary>Of the server; every session of it is a child.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(_folder!, "data", "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    /// <summary>A statement on the server's own database, such as one that makes another.</summary>
    public void Run(string sql)
    {
        using var connection = new NpgsqlConnection(ConnectionString() + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    /// <summary>As a crash: no checkpoint, every connection is cut.</summary>
    public void Crash() => Control(["down", _folder!, "immediate"]);

    /// <summary>After a crash.</summary>
    public void StartAgain() => Control(["up", _folder!, $"{Port}", .. options]);

    public void Dispose()
    {
        lock (_gate)
        {
            if (_folder is null) return;
            Control(["down", _folder, "immediate"]);
            Directory.Delete(_folder, recursive: true);
            _folder = null;
        }
    }

    /// <summary>Null if PostgreSQL is installed here, else what to do about it.</summary>
    public static string? WhyMissing() => Script.WhyMissing();

    private void Control(params string[] arguments) => Script.Run([("PGPASSWORD", _password)], arguments);
}
