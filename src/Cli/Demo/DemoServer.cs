using System.Globalization;

namespace Cli.Demo;

/// <summary>A private server of the demo, started and stopped by a script of its own that knows where the system keeps it: loopback only, as an ordinary user.</summary>
internal sealed class DemoServer : IDisposable
{
    private readonly string _script;
    private readonly string _folder = Directory.CreateTempSubdirectory("lm-demo-server-").FullName;
    private readonly string _scripts = Directory.CreateTempSubdirectory("lm-demo-script-").FullName;
    private readonly string _password = Guid.NewGuid().ToString("N");
    private bool _runs;

    /// <param name="script">Name of the script in this assembly: <c>find</c>, <c>up FOLDER PORT</c>, <c>down FOLDER</c>.</param>
    /// <exception cref="CliException">The server is not installed; the message names the package.</exception>
    public DemoServer(string script)
    {
        _script = Path.Combine(_scripts, script);
        using (var stored = typeof(DemoServer).Assembly.GetManifestResourceStream(script)!)
        using (var file = File.Create(_script)) stored.CopyTo(file);
        try
        {
            Run(ExitCodes.Configuration, "find");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Port { get; } = FreePort.Find();

    /// <summary>Settings of a coordinator that shares this database, a PostgreSQL.</summary>
    public (string, string)[] Settings =>
    [
        ("Coordinator__Store", "postgres"), ("Coordinator__Bus", "postgres"),
        ("Coordinator__Postgres__Connection", string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={Port};Username=lm;Password={_password};Database=postgres")),
    ];

    /// <exception cref="CliException">It did not start.</exception>
    public void Start()
    {
        _runs = true;
        Run(ExitCodes.Failed, "up", _folder, Port.ToString(CultureInfo.InvariantCulture));
    }

    public void Dispose()
    {
        try
        {
            if (_runs) Run(ExitCodes.Failed, "down", _folder, "immediate");
        }
        catch (CliException e)
        {
            Console.Error.WriteLine(e.Message);
        }

        Directory.Delete(_folder, recursive: true);
        Directory.Delete(_scripts, recursive: true);
    }

    private void Run(int failed, params string[] arguments)
    {
        using var script = ChildProcess.Start(Path.GetFileName(_script), Path.Combine(_scripts, "log"), ["bash", _script, .. arguments], [("PGPASSWORD", _password)]);
        while (!script.HasExited) Thread.Sleep(5);
        if (script.ExitCode != 0) throw new CliException(failed, script.LastLine());
    }
}
