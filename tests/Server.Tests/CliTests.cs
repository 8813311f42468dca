using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Coordinator.Shared.Security;

namespace Server.Tests;

/// <summary>lm as scripts use it: exit codes, what goes where, and formats.</summary>
public sealed class CliTests
{
    private const string Nowhere = "http://127.0.0.1:1";

    [Theory]
    [InlineData(2, "hosts", "gett")]
    [InlineData(2, "migrate", "vm-1")]
    [InlineData(2, "migrate", "Not A Name", "--to", "host-b")]
    [InlineData(2, "hosts", "get", "-o", "xml")]
    [InlineData(2, "hosts", "get", "--server", "nonsense")]
    [InlineData(2, "migrations", "resolve", "m-1", "--reason", "r")]
    [InlineData(7, "hosts", "get", "--server", Nowhere)]
    [InlineData(2, "vms", "stop", "vm-1", "--no-input", "--server", Nowhere)]
    public async Task Exit_codes_tell_usage_from_an_unreachable_server(int code, params string[] args)
    {
        var (exit, output, error) = await RunAsync(args);

        Assert.Equal((code, ""), (exit, output));
        Assert.StartsWith("lm: ", error);
    }

    [Fact]
    public async Task What_is_not_there_is_4_and_what_is_refused_is_5()
    {
        await using var edge = await Edge.StartAsync();
        var (exit, _, error) = await RunAsync("vms", "get", "vm-z", "--server", edge.Addresses.Http);

        Assert.Equal(4, exit);
        Assert.Contains("there is no vm 'vm-z'", error);
    }

    [Fact]
    public async Task Every_format_shows_the_same_migrations()
    {
        await using var edge = await Edge.StartAsync();
        var names = Enumerable.Range(0, 120).Select(_ => edge.Plane.Add().Metadata.Name).Reverse().ToList();

        var (_, lines, _) = await RunAsync("migrations", "get", "-o", "name", "--server", edge.Addresses.Http);
        var (_, jsonl, _) = await RunAsync("migrations", "get", "-o", "jsonl", "--server", edge.Addresses.Http);
        var (_, json, _) = await RunAsync("migrations", "get", "-o", "json", "--server", edge.Addresses.Http);
        var (_, table, _) = await RunAsync("migrations", "get", "--server", edge.Addresses.Http);

        Assert.Equal(names, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(names, jsonl.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(NameOf));
        using (var document = JsonDocument.Parse(json)) Assert.Equal(names, document.RootElement.EnumerateArray().Select(m => NameOf(m.ToString())));
        Assert.Equal(names, table.Split('\n', StringSplitOptions.RemoveEmptyEntries).Skip(1).Select(line => line.Split(' ')[0]));
        Assert.DoesNotContain('\e', table);
    }

    [Fact]
    public async Task The_coordinators_are_shown_in_every_format_and_drained_by_name()
    {
        await using var edge = await Edge.StartAsync();
        async Task<string> Lm(params string[] args)
        {
            var (exit, output, error) = await RunAsync([.. args, "--server", edge.Addresses.Http]);
            Assert.Equal((0, ""), (exit, error));
            return output;
        }

        Assert.Equal("node-1\nnode-2\n", await Lm("cluster", "nodes", "-o", "name"));
        Assert.Matches("node-2 +Draining +0 +1 .*new kernel\n", await Lm("cluster", "nodes"));
        Assert.Matches("\n7 +- ", await Lm("cluster", "shards"));
        Assert.Equal(8, (await Lm("cluster", "shards", "-o", "jsonl")).Count(c => c == '\n'));
        using (var status = JsonDocument.Parse(await Lm("cluster", "status", "-o", "json"))) Assert.Equal("memory", status.RootElement.GetProperty("store").GetProperty("place").GetString());
        Assert.Matches("node-1 +Draining .*why not\n", await Lm("cluster", "drain-node", "node-1", "--reason", "why not"));
        Assert.Matches("node-1 +Live ", await Lm("cluster", "undrain-node", "node-1"));
        Assert.All(edge.Plane.Calls, call => Assert.NotNull(call.IdempotencyKey));
    }

    [Fact]
    public async Task The_doctor_prints_one_line_a_check_with_its_remedy_and_ends_with_1_if_one_fails()
    {
        await using var edge = await Edge.StartAsync();
        Assert.Equal(0, (await RunAsync("cluster", "doctor", "--server", edge.Addresses.Http)).Exit);
        edge.Plane.Checks.Add(new("clocks", false, "off: node-2 +9.0 s", "set up time synchronisation"));

        var (exit, output, _) = await RunAsync("cluster", "doctor", "--server", edge.Addresses.Http);

        Assert.Equal((1, 3), (exit, output.Count(c => c == '\n')));
        Assert.Matches("store +ok +answers in 0.1 ms\nclocks +FAILS +off: node-2 \\+9.0 s +set up time synchronisation\n", output);
    }

    [Fact]
    public async Task A_piped_watch_is_one_line_an_event_and_its_exit_code_is_the_outcome()
    {
        await using var edge = await Edge.StartAsync();
        var id = Coordinator.Shared.Identity.MigrationId.Parse(edge.Plane.Add().Metadata.Name);
        edge.Plane.Append(id, "MigrationAborted", s => s with { Phase = "Settling", Outcome = "Aborted", Code = "cancelled" });
        edge.Plane.Append(id, "MigrationClosed", s => s with { Phase = "Closed", ClosedAt = DateTimeOffset.UnixEpoch });

        var (exit, output, _) = await RunAsync("migrations", "watch", id.Value, "--server", edge.Addresses.Http);

        Assert.Equal(1, exit);
        Assert.Contains("MigrationAborted", output);
        Assert.Contains($"{id} vm-1: Aborted (cancelled), stays on host-a", output);
        Assert.DoesNotContain('%', output);
    }

    [Fact]
    public async Task An_interrupted_watch_says_that_the_migration_goes_on()
    {
        await using var edge = await Edge.StartAsync();
        var id = edge.Plane.Add().Metadata.Name;
        using var lm = Start("migrations", "watch", id, "--server", edge.Addresses.Http);
        Assert.Contains("requested", await lm.StandardOutput.ReadLineAsync());

        using (var kill = Process.Start("kill", ["-INT", $"{lm.Id}"])) await kill.WaitForExitAsync();

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var error = await lm.StandardError.ReadToEndAsync(patience.Token);
        await lm.WaitForExitAsync(patience.Token);
        Assert.Equal(130, lm.ExitCode);
        Assert.Contains("the migration goes on", error);
    }

    [Fact]
    public async Task A_watch_that_may_not_wait_longer_ends_with_8()
    {
        await using var edge = await Edge.StartAsync();
        var (exit, _, error) = await RunAsync("migrations", "watch", edge.Plane.Add().Metadata.Name, "--timeout", "1", "--server", edge.Addresses.Http);
        Assert.Equal(8, exit);
        Assert.Contains("the migration goes on", error);
    }

    private static IEnumerable<string> Addresses(X509Certificate2 certificate) => certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
        .SelectMany(names => names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(ip => ip.ToString())));

    [Fact]
    public async Task Certificates_are_readable_by_their_owner_alone_and_never_overwritten()
    {
        var directory = Directory.CreateTempSubdirectory("lm-cli-tests-").FullName;
        try
        {
            Assert.Equal(0, (await RunAsync("certs", "init", "--dir", directory)).Exit);
            Assert.Equal(0, (await RunAsync("certs", "issue", "host", "host-a", "--dir", directory)).Exit);
            Assert.Equal(5, (await RunAsync("certs", "init", "--dir", directory)).Exit);
            Assert.Equal(4, (await RunAsync("certs", "issue", "host", "host-a", "--dir", directory + "/none")).Exit);

            foreach (var file in Directory.GetFiles(directory, "*.key")) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
            Assert.Equal(2, Directory.GetFiles(directory, "*.key").Length);

            var (certificate, key) = (File.ReadAllText(directory + "/host-host-a.pem"), File.ReadAllText(directory + "/host-host-a.key"));
            Assert.Equal(0, (await RunAsync("certs", "renew", directory + "/host-host-a.pem", "--dir", directory)).Exit);
            using var renewed = X509Certificate2.CreateFromPemFile(directory + "/host-host-a.pem", directory + "/host-host-a.key");
            using var old = X509Certificate2.CreateFromPem(certificate, key);
            Assert.Equal("host/host-a", PeerIdentity.Of(renewed)?.ToString());
            Assert.NotEqual(old.PublicKey.ExportSubjectPublicKeyInfo(), renewed.PublicKey.ExportSubjectPublicKeyInfo());
            Assert.Equal(["localhost", "127.0.0.1"], Addresses(renewed));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(directory + "/host-host-a.key"));
            Assert.Empty(Directory.GetFiles(directory, "*.new"));
            Assert.Equal(4, (await RunAsync("certs", "renew", directory + "/none.pem", "--dir", directory)).Exit);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static string NameOf(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty("metadata").GetProperty("name").GetString()!;
    }

    private static async Task<(int Exit, string Output, string Error)> RunAsync(params string[] args)
    {
        using var lm = Start(args);
        var output = lm.StandardOutput.ReadToEndAsync();
        var error = lm.StandardError.ReadToEndAsync();
        await lm.WaitForExitAsync();
        return (lm.ExitCode, await output, await error);
    }

    private static Process Start(params string[] args)
    {
        // A shell's background job, as a test run may be one, ignores Ctrl-C, and so do its children unless told otherwise.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", "dotnet"]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        start.ArgumentList.Add(Repository.Program("src/Cli", "lm.dll"));
        foreach (var arg in args) start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }
}
