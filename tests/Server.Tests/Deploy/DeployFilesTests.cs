using System.Collections;
using System.Text.Json;
using System.Text.RegularExpressions;
using Coordinator.Server.Configuration;
using Lab.Servers;
using Npgsql;

namespace Server.Tests.Deploy;

/// <summary>What is given to operators beside the programs fits the programs.</summary>
public sealed partial class DeployFilesTests
{
    [Fact]
    public void Every_setting_named_in_deploy_and_in_the_operators_pages_is_one()
    {
        var known = ConfigKeys.All.SelectMany(key => new[] { key.EnvironmentName, key.Path }).ToHashSet();
        string[] folders = [Tool.PathOf(), Path.Combine(Repository.Root, "docs", "operate")];
        var named = folders.SelectMany(folder => Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            .SelectMany(file => Setting().Matches(File.ReadAllText(file)).Select(m => (File: file, m.Value))).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, n => Assert.True(known.Contains(n.Value), $"{n.File}: {n.Value}"));
    }

    [Fact]
    public void The_compose_file_gives_each_coordinator_a_name_of_its_own_allowed_settings_and_files_that_exist()
    {
        using var compose = Tool.Yaml(Tool.PathOf("compose", "compose.yaml"));
        var services = compose.RootElement.GetProperty("services");
        var nodes = services.EnumerateObject().Where(s => s.Name.StartsWith("node-", StringComparison.Ordinal)).ToList();
        Assert.Equal(3, nodes.Count);
        foreach (var node in nodes)
        {
            var found = SettingsOf(node.Value);
            Assert.Equal(node.Name, found[ConfigKeys.Node].Value);
            Assert.Equal(("postgres", "required"), (found[ConfigKeys.Store].Value, found[ConfigKeys.HttpClientCertificates].Value));
        }

        Assert.Contains(ConfigKeys.PostgresConnection, SettingsOf(services.GetProperty("schema")).Keys);
        Assert.Equal(["schema", "migrate", "--grant-to", "lm_runner"], services.GetProperty("schema").GetProperty("command").EnumerateArray().Select(w => w.GetString()));
        var mounted = services.EnumerateObject().SelectMany(s => s.Value.TryGetProperty("volumes", out var volumes) ? volumes.EnumerateArray() : default).Select(v => v.GetString()!.Split(':')[0]);
        foreach (var file in mounted.Where(path => path.StartsWith("../", StringComparison.Ordinal))) Assert.True(Path.Exists(Tool.PathOf("compose", file)), file);
        var secrets = compose.RootElement.GetProperty("secrets").EnumerateObject().Select(s => s.Name).ToHashSet();
        Assert.All(services.EnumerateObject().Where(s => s.Value.TryGetProperty("secrets", out _)).SelectMany(s => s.Value.GetProperty("secrets").EnumerateArray()), s => Assert.Contains(s.GetString()!, secrets));
    }

    [Fact]
    public void Every_metric_that_wakes_somebody_is_one_the_program_has()
    {
        var source = string.Join('\n', Directory.EnumerateFiles(Path.Combine(Repository.Root, "src", "Coordinator"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        var known = Metric().Matches(source).Select(m => m.Value).ToHashSet();
        using var rules = Tool.Yaml(Tool.PathOf("prometheus", "rules.yml"));
        var alerts = rules.RootElement.GetProperty("groups").EnumerateArray().SelectMany(g => g.GetProperty("rules").EnumerateArray()).ToList();

        Assert.NotEmpty(alerts);
        foreach (var alert in alerts)
        {
            Assert.NotEmpty(alert.GetProperty("annotations").GetProperty("summary").GetString()!);
            foreach (Match metric in Metric().Matches(alert.GetProperty("expr").GetString()!)) Assert.Contains(metric.Value.Replace("_bucket", "", StringComparison.Ordinal), known);
        }

        if (!Tool.Exists("promtool")) return;
        var (code, _, errors) = Tool.Run("promtool", "check", "rules", Tool.PathOf("prometheus", "rules.yml"));
        Assert.True(code == 0, errors);
    }

    [Fact]
    public void Prometheus_asks_the_coordinators_of_the_compose_file()
    {
        using var config = Tool.Yaml(Tool.PathOf("prometheus", "prometheus.yml"));
        var targets = config.RootElement.GetProperty("scrape_configs")[0].GetProperty("static_configs")[0].GetProperty("targets").EnumerateArray().Select(t => t.GetString());

        Assert.Equal(["node-1:7400", "node-2:7400", "node-3:7400"], targets);
        Assert.Equal(["rules.yml"], config.RootElement.GetProperty("rule_files").EnumerateArray().Select(f => f.GetString()));
    }

    [PostgresFact]
    public void The_database_takes_its_settings_and_the_script_makes_the_role()
    {
        // The server's own user must be able to read it.
        var settings = Path.Combine(Path.GetTempPath(), $"lm-conf-{Guid.NewGuid():N}.conf");
        var password = settings + ".password";
        File.Copy(Tool.PathOf("postgres", "lm.conf"), settings);
        File.SetUnixFileMode(settings, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        File.WriteAllText(password, "it's a 'secret'\n");
        try
        {
            using var server = new PostgresServer("-c", $"config_file={settings}");
            server.Start();
            Assert.Equal("4GB", Ask(server.ConnectionString(), "show max_wal_size"));
            // What the test server is told otherwise on its command line is not applied; that is no error of the file.
            Assert.Equal("none", Ask(server.ConnectionString(), "select coalesce(string_agg(name || ': ' || error, ', '), 'none') from pg_file_settings where error <> 'setting could not be applied'"));

            var (code, _, errors) = Tool.Run("sh",
            [
                ("PGHOST", "127.0.0.1"), ("PGPORT", $"{server.Port}"), ("PGPASSWORD", server.Password), ("POSTGRES_USER", "lm"), ("POSTGRES_DB", "postgres"), ("RUNNER_PASSWORD_FILE", password),
            ], [Tool.PathOf("postgres", "roles.sh")]);

            Assert.Equal((0, ""), (code, errors));
            var runner = new NpgsqlConnectionStringBuilder(server.ConnectionString()) { Username = "lm_runner", Password = "it's a 'secret'" };
            Assert.Equal("lm_runner", Ask(runner.ConnectionString, "select current_user::text"));
        }
        finally
        {
            File.Delete(settings);
            File.Delete(password);
        }
    }

    private static IReadOnlyDictionary<ConfigKey, Setting> SettingsOf(JsonElement service)
    {
        var environment = new Hashtable();
        foreach (var setting in service.GetProperty("environment").EnumerateObject()) environment.Add(setting.Name, setting.Value.GetString());
        var found = ConfigReader.Collect([], environment, "/nowhere/appsettings.json");
        Assert.Equal(environment.Count, found.Count);
        return found;
    }

    private static string Ask(string connectionString, string sql)
    {
        using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
        connection.Open();
        using var command = new NpgsqlCommand(sql, connection);
        return (string)command.ExecuteScalar()!;
    }

    [GeneratedRegex("Coordinator(?:__|:)[A-Z][A-Za-z]+(?:(?:__|:)[A-Z][A-Za-z]+)*")]
    private static partial Regex Setting();

    [GeneratedRegex("\\blm_[a-z_]+")]
    private static partial Regex Metric();
}
