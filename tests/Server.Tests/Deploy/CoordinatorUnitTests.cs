using System.Collections;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Coordinator.Server.Configuration;

namespace Server.Tests.Deploy;

/// <summary>The coordinator under systemd.</summary>
public sealed class CoordinatorUnitTests
{
    private static readonly string Unit = Tool.PathOf("systemd", "coordinator.service");
    private readonly ILookup<string, string> _settings = File.ReadLines(Unit)
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#')).ToLookup(line => line.Split('=')[0], line => line[(line.IndexOf('=') + 1)..]);

    [Fact]
    public void It_is_started_again_until_a_person_must_look_and_is_given_time_to_hand_its_shards_over()
    {
        Assert.Equal(["on-failure"], _settings["Restart"]);
        Assert.Equal([ExitCodes.Configuration.ToString(CultureInfo.InvariantCulture)], _settings["RestartPreventExitStatus"]);
        Assert.Equal(["0"], _settings["StartLimitIntervalSec"]);
        Assert.Equal(["90s"], _settings["TimeoutStopSec"]);
        Assert.DoesNotContain(_settings, setting => setting.Key is "KillSignal" or "ExecStop" || setting.Contains("root"));
    }

    [Fact]
    public void Systemd_finds_nothing_wrong_and_little_exposed()
    {
        // The tool of a system that has none (it is part of systemd itself) cannot be asked.
        if (!Tool.Exists("systemd-analyze")) return;
        var folder = Directory.CreateTempSubdirectory("lm-unit-");
        try
        {
            var copy = Path.Combine(folder.FullName, "coordinator.service");
            File.WriteAllText(copy, File.ReadAllText(Unit).Replace("/usr/lib/lm/coordinator", "/bin/true", StringComparison.Ordinal));

            // It says what is wrong and ends with 0 all the same.
            Assert.Equal("", Tool.Run("systemd-analyze", "verify", copy).Errors);
            Assert.Equal(0, Tool.Run("systemd-analyze", "security", "--offline=true", "--threshold=20", copy).Code);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Its_example_settings_are_all_known_and_allowed_and_leave_out_no_one_that_is_needed()
    {
        var environment = new Hashtable();
        foreach (var line in File.ReadLines(Tool.PathOf("systemd", "coordinator.env")).Where(line => line.Length > 0 && line[0] != '#'))
        {
            var at = line.IndexOf('=');
            environment.Add(line[..at], line[(at + 1)..].Trim('"'));
        }

        var found = ConfigReader.Collect([], environment, "/nowhere/appsettings.json");

        Assert.Equal(environment.Count, found.Count);
        Assert.Superset(new HashSet<ConfigKey> { ConfigKeys.Node, ConfigKeys.PostgresConnection, ConfigKeys.TlsCertificate, ConfigKeys.TlsKey, ConfigKeys.TlsCaBundle }, found.Keys.ToHashSet());
    }

    [Fact]
    public async Task It_tells_systemd_when_it_serves_and_when_it_stops()
    {
        using var cluster = new TestCluster();
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(cluster.File_("notify")));
        using var server = ServerProcess.Start(cluster.Environment().Append(new("NOTIFY_SOCKET", cluster.File_("notify"))));

        Assert.Equal("READY=1", await HeardAsync(systemd));
        Assert.True(File.Exists(cluster.File_("ready.json")));
        server.Signal("TERM");
        Assert.Equal("STOPPING=1", await HeardAsync(systemd));
        Assert.Equal(0, (await server.EndedAsync()).Code);
    }

    private static async Task<string> HeardAsync(Socket socket)
    {
        var buffer = new byte[64];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, patience.Token));
    }
}
