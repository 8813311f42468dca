using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Cli.Demo;
using Npgsql;

namespace Lab.Servers;

/// <summary>
/// A private PostgreSQL of this test process, started when it is first needed and stopped by <see cref="Dispose"/>.
/// </summary>
/// <param name="options">The server's own, as <c>-c fsync=off</c>.</param>
public sealed class PostgresServer(params string[] options) : IDisposable
{
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
            Script(["up", folder, $"{Port}", .. options]);
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
    public void Crash() => Script(["down", _folder!, "immediate"]);

    /// <summary>After a crash.</summary>
    public void StartAgain() => Script(["up", _folder!, $"{Port}", .. options]);

    public void Dispose()
    {
        lock (_gate)
        {
            if (_folder is null) return;
            Script(["down", _folder, "immediate"]);
            Directory.Delete(_folder, recursive: true);
            _folder = null;
        }
    }

    /// <summary>Null if PostgreSQL is installed here, else what to do about it.</summary>
    public static string? WhyMissing() => Run([], "find") is (not 0, var output) ? output.Trim() : null;

    private void Script(string[] arguments)
    {
        var (code, output) = Run([("PGPASSWORD", _password)], arguments);
        if (code != 0) throw new InvalidOperationException($"pg.sh {string.Join(' ', arguments)} ended with {code}: {output}");
    }

    // Its output goes to a file, not a pipe: the server inherits it and would keep a pipe open for ever.
    private static (int Code, string Output) Run(IReadOnlyList<(string Name, string Value)> environment, params string[] arguments)
    {
        var log = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/bash", ["-c", "exec bash \"$0\" \"$@\" >\"$LM_LOG\" 2>&1 </dev/null", Beside("pg.sh"), .. arguments]);
            start.Environment["LM_LOG"] = log;
            foreach (var (name, value) in environment) start.Environment[name] = value;
            using var script = Process.Start(start)!;
            script.WaitForExit();
            return (script.ExitCode, File.ReadAllText(log));
        }
        finally
        {
            File.Delete(log);
        }
    }

    private static string Beside(string name, [CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, name);
}
