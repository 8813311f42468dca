using System.Globalization;
using Cli.Demo;

namespace Lab.Servers;

/// <summary>Private RabbitMQ nodes of this test process, one or a cluster, started by <see cref="Start"/> and ended by <see cref="Dispose"/>.</summary>
/// <param name="nodes">How many.</param>
/// <param name="conf">More lines of each node's configuration.</param>
/// <param name="plugins">Names, separated by commas.</param>
public sealed class RabbitMqServer(int nodes = 1, string conf = "", string plugins = "") : IDisposable
{
    private const int HostsAtOnce = 16;

    private static readonly ServerScript Script = new("rmq.sh");
    private readonly Lock _gate = new();
    private readonly Stack<string> _clean = new();
    private readonly int _epmdPort = FreePort.Find();
    private readonly IReadOnlyList<(int Amqp, int Distribution)> _ports = [.. Enumerable.Range(0, nodes).Select(_ => (FreePort.Find(), FreePort.Find()))];
    private string? _folder;
    private int _hosts;

    public const string User = "lm";

    public string Password { get; } = Guid.NewGuid().ToString("N");

    /// <param name="node">From 1.</param>
    public int Port(int node = 1) => _ports[node - 1].Amqp;

    /// <summary>Starts them all, if they do not run.</summary>
    public void Start()
    {
        lock (_gate)
        {
            if (_folder is not null) return;
            if (WhyMissing() is { } missing) throw new InvalidOperationException(missing);
            _folder = Directory.CreateTempSubdirectory("lm-mq-").FullName;
            // xunit does not dispose a test whose preparation failed.
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Dispose();
            for (var node = 1; node <= nodes; node++)
            {
                StartAgain(node);
                if (node > 1) Run("join", node, NameOf(1));
            }
        }
    }

    /// <summary>Of the nodes that were started.</summary>
    public IEnumerable<int> ProcessIds => Enumerable.Range(1, nodes).Select(node => int.Parse(File.ReadAllText(Path.Combine(_folder!, NameOf(node), "pid")), CultureInfo.InvariantCulture));

    /// <summary>kill -9.</summary>
    public void Kill(int node = 1) => Run("kill", node);

    /// <summary>After a kill.</summary>
    public void StartAgain(int node = 1) => Run("up", node, $"{_ports[node - 1].Amqp}", $"{_ports[node - 1].Distribution}");

    /// <summary>What a person does with <c>rabbitmqctl</c>.</summary>
    /// <returns>What it printed.</returns>
    public string Control(params string[] arguments) => ControlAt(1, arguments);

    /// <inheritdoc cref="Control"/>
    public string ControlAt(int node, params string[] arguments) => Run("ctl", node, arguments);

    /// <summary>A virtual host nobody has used yet.</summary>
    public string NewHost()
    {
        lock (_gate)
        {
            if (_clean.TryPop(out var host)) return host;
            var first = _hosts + 1;
            _hosts += HostsAtOnce;
            // One call for many: each rabbitmqctl is a second of processor time.
            Control("eval", string.Create(CultureInfo.InvariantCulture, $"""
                [begin rabbit_vhost:add(V, <<"{User}">>), rabbit_auth_backend_internal:set_permissions(<<"{User}">>, V, <<".*">>, <<".*">>, <<".*">>, <<"{User}">>) end
                 || I <- lists:seq({first}, {_hosts}), V <- [list_to_binary("test" ++ integer_to_list(I))]].
                """));
            for (var number = _hosts; number > first; number--) _clean.Push($"test{number}");
            return $"test{first}";
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_folder is null) return;
            Script.Run([], "down", _folder, $"{_epmdPort}");
            Directory.Delete(_folder, recursive: true);
            _folder = null;
        }
    }

    /// <summary>Null if RabbitMQ is installed here, else what to do about it.</summary>
    public static string? WhyMissing() => Script.WhyMissing();

    private static string NameOf(int node) => $"n{node}";

    private string Run(string operation, int node, params string[] arguments) =>
        Script.Run([("RMQ_PASSWORD", Password), ("RMQ_CONF", conf), ("RMQ_PLUGINS", plugins)], [operation, _folder!, $"{_epmdPort}", NameOf(node), .. arguments]);
}
