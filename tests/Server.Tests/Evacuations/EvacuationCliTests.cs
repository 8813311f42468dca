using System.Diagnostics;
using System.Text.Json;
using Coordinator.Shared.Contracts.Api;

namespace Server.Tests.Evacuations;

/// <summary>lm evacuate and lm evacuations as scripts use them.</summary>
public sealed class EvacuationCliTests : IAsyncLifetime
{
    private Edge _edge = null!;

    public async Task InitializeAsync() => _edge = await Edge.StartAsync();

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Fact]
    public async Task Behind_a_pipe_nothing_is_emptied_without_a_yes_and_the_option_is_named()
    {
        var (exit, output, error) = await LmAsync("evacuate", "host-a");

        Assert.Equal((2, ""), (exit, output));
        Assert.Contains("Empty host-a?", error, StringComparison.Ordinal);
        Assert.Contains("add --yes", error, StringComparison.Ordinal);
        Assert.Empty(_edge.Evacuations.Calls);
    }

    [Theory]
    [InlineData("evacuate")]
    [InlineData("evacuate", "Not A Name", "--yes")]
    [InlineData("evacuate", "host-a", "--yes", "--window", "tonight")]
    [InlineData("evacuate", "host-a", "--yes", "--window", "tonight/tomorrow")]
    [InlineData("evacuate", "host-a", "--yes", "--canary", "-1")]
    public async Task What_cannot_be_meant_is_a_usage_problem(params string[] args)
    {
        Assert.Equal(2, (await LmAsync(args)).Exit);
        Assert.Empty(_edge.Evacuations.Calls);
    }

    [Fact]
    public async Task Every_limit_arrives_as_it_was_given()
    {
        var (exit, output, _) = await LmAsync(
            "evacuate", "host-a", "host-b", "--yes", "-o", "name", "--canary", "2", "--soak", "30", "--wave-size", "10", "--failure-budget", "3", "--failure-rate", "0.1", "--retries", "1",
            "--max-in-flight", "8", "--per-host", "2", "--on-non-migratable", "skip", "--window", "2990-01-31T22:00Z/", "--deadline", "3600", "--max-blackout-ms", "100", "--reason", "new kernel");

        Assert.Equal(0, exit);
        var (_, call, body) = Assert.Single(_edge.Evacuations.Calls);
        Assert.NotNull(call.IdempotencyKey);
        var asked = Assert.IsType<CreateEvacuation>(body);
        Assert.Equal(["host-a", "host-b"], asked.Hosts.Select(host => host.Value));
        Assert.Equal((2, 30.0, 10, 3, 0.1, 1), (asked.Canary, asked.SoakSeconds, asked.WaveSize!.Value, asked.FailureBudget, asked.FailureRate!.Value, asked.Retries));
        Assert.Equal((8, 2, 2), (asked.Caps!.Global, asked.Caps.HostOut, asked.Caps.HostIn));
        Assert.Equal(("skip", 3600, 100, "new kernel"), (asked.OnNonMigratable, asked.DeadlineSeconds!.Value, asked.Policy!.MaxBlackoutMs, asked.Reason));
        Assert.Equal((new DateTimeOffset(2990, 1, 31, 22, 0, 0, TimeSpan.Zero), null), (asked.NotBefore, asked.NotAfter));
        Assert.StartsWith("e-", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_shows_the_plan_and_ends_with_5_if_something_stands_in_its_way()
    {
        var (exit, output, _) = await LmAsync("evacuate", "host-a", "--dry-run");
        Assert.Equal(0, exit);
        Assert.Contains("ETA 10 s (p90 13 s)", output, StringComparison.Ordinal);

        _edge.Evacuations.Blockers.Add(new("guest.notMovable", "vm-9", "host-a", "vm-9 cannot be migrated live", "let it stay"));
        (exit, output, _) = await LmAsync("evacuate", "host-a", "--dry-run");
        Assert.Equal(5, exit);
        Assert.StartsWith("BLOCKED  vm-9 cannot be migrated live\n         let it stay (guest.notMovable)\n", output, StringComparison.Ordinal);
        using var json = JsonDocument.Parse((await LmAsync("evacuate", "host-a", "--dry-run", "-o", "json")).Output);
        Assert.False(json.RootElement.GetProperty("possible").GetBoolean());
        Assert.Empty(_edge.Evacuations.Calls);
    }

    [Theory]
    [InlineData(0, 0, "Completed, 6 of 6 guests arrived\nhost-a: safe to power off\n")]
    [InlineData(2, 3, "Incomplete, 4 of 6 guests arrived; not empty: 2 guests stay: vm-1 (it does not converge), vm-2 (it does not converge)\nhost-a: not safe to power off: vm-1 is here\n")]
    public async Task A_piped_watch_is_lines_of_words_and_its_exit_code_is_the_outcome(int stay, int code, string conclusion)
    {
        var id = _edge.Evacuations.Add("host-a");
        _edge.Evacuations.End(id, stay);

        var (exit, output, _) = await LmAsync("evacuations", "watch", "host-a");

        Assert.Equal(code, exit);
        Assert.Contains("EvacuationRequested", output, StringComparison.Ordinal);
        Assert.EndsWith($"{id} host-a: {conclusion}", output, StringComparison.Ordinal);
        Assert.DoesNotContain('%', output);
        Assert.DoesNotContain('\e', output);
    }

    [Fact]
    public async Task A_watch_that_may_not_wait_longer_ends_with_8_and_says_how_to_go_on()
    {
        var id = _edge.Evacuations.Add("host-a");
        var (exit, output, error) = await LmAsync("evacuations", "watch", id.Value, "--timeout", "1");

        Assert.Equal(8, exit);
        Assert.Contains("""phase=Running wave="1 of 2" arrived="0 of 6" moving=1 waiting=5 failed=0 budget="0 of 2" eta="75 s to 100 s" """, output, StringComparison.Ordinal);
        Assert.Contains($"the evacuation goes on. Watch it again: lm evacuations watch {id}; stop it: lm evacuations cancel {id}", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_is_found_by_its_host_shown_in_every_format_described_and_explained()
    {
        var id = _edge.Evacuations.Add("host-a");
        Assert.Equal($"{id}\n", (await LmAsync("evacuations", "get", "-o", "name")).Output);
        Assert.Matches($"\n{id} +host-a +Running +1 of 2 +0 of 6 +1 +5 +0 +0 of 2 +75 s to 100 s ", (await LmAsync("evacuations", "get", "host-a")).Output);
        using (var json = JsonDocument.Parse((await LmAsync("evacuations", "get", id.Value, "-o", "json")).Output)) Assert.Equal("Evacuation", json.RootElement.GetProperty("kind").GetString());

        var described = (await LmAsync("evacuations", "describe", "host-a")).Output;
        Assert.Contains("Wave 2       .....        0 of 5 arrived, 0 moving, 5 waiting, 0 failed", described, StringComparison.Ordinal);
        Assert.Contains("Waiting on   vm-2: wave 1 goes first", described, StringComparison.Ordinal);
        Assert.Contains("Power off    host-a: not safe to power off: vm-1 is here", described, StringComparison.Ordinal);
        Assert.Contains($"  lm evacuations pause {id}\n  lm evacuations cancel {id}\n", described, StringComparison.Ordinal);
        Assert.Contains("so it is Running: wave 1 of 2", (await LmAsync("explain", id.Value)).Output, StringComparison.Ordinal);
        Assert.Contains("ETA 10 s", (await LmAsync("evacuations", "plan", id.Value)).Output, StringComparison.Ordinal);
        Assert.Equal(4, (await LmAsync("evacuations", "get", "host-z")).Exit);
    }

    [Theory]
    [InlineData("pause", "pause")]
    [InlineData("resume", "resume")]
    [InlineData("cancel", "cancel")]
    [InlineData("retry-failed", "retryFailed")]
    public async Task Each_verb_is_one_action(string verb, string action)
    {
        var id = _edge.Evacuations.Add("host-a");
        Assert.Equal(0, (await LmAsync("evacuations", verb, id.Value, "--reason", "storm")).Exit);
        Assert.Equal(action, Assert.Single(_edge.Evacuations.Calls).What);
    }

    private async Task<(int Exit, string Output, string Error)> LmAsync(params string[] args)
    {
        using var lm = Process.Start(new ProcessStartInfo("dotnet", [Repository.Program("src/Cli", "lm.dll"), .. args, "--server", _edge.Addresses.Http])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true,
        })!;
        var (output, error) = (lm.StandardOutput.ReadToEndAsync(), lm.StandardError.ReadToEndAsync());
        await lm.WaitForExitAsync();
        return (lm.ExitCode, await output, await error);
    }
}
