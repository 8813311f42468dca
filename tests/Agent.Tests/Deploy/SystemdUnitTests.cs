using HostNode.Agent.Configuration;

namespace Agent.Tests.Deploy;

public sealed class SystemdUnitTests
{
    private static readonly string Folder = Path.Combine(Repository(), "deploy", "systemd");
    private readonly ILookup<string, string> _settings = File.ReadLines(Path.Combine(Folder, "host-agent.service"))
        .Where(line => line.Contains('=', StringComparison.Ordinal) && !line.StartsWith('#'))
        .ToLookup(line => line.Split('=')[0], line => line[(line.IndexOf('=', StringComparison.Ordinal) + 1)..]);

    [Fact]
    public void Stopping_the_unit_ends_only_the_agent_and_never_a_guest()
    {
        Assert.Equal(["process"], _settings["KillMode"]);
        Assert.Equal(["continue"], _settings["OOMPolicy"]);
        Assert.DoesNotContain(_settings, setting => setting.Key is "ExecStop" or "ExecStopPost" or "PrivateTmp" or "BindsTo" or "PartOf");
    }

    [Fact]
    public void It_is_started_again_after_a_crash_but_not_when_a_person_must_look()
    {
        Assert.Equal(["on-failure"], _settings["Restart"]);
        Assert.Equal(["64 77 78"], _settings["RestartPreventExitStatus"]);
        Assert.Equal(["0"], _settings["StartLimitIntervalSec"]);
    }

    [Fact]
    public void The_example_configuration_is_good()
    {
        var config = AgentConfig.Read(Path.Combine(Folder, "host-agent.json"), []);

        Assert.Contains(config.Dir, "/var/lib/lm/journal", StringComparison.Ordinal);
        Assert.Contains("--config /etc/lm/host-agent.json", Assert.Single(_settings["ExecStart"]), StringComparison.Ordinal);
    }

    private static string Repository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Coordinator.sln"))) folder = folder.Parent ?? throw new InvalidOperationException("not inside the repository");
        return folder.FullName;
    }
}
