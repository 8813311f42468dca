using System.Text.Json.Nodes;
using Coordinator.Shared.Identity;

namespace Qemu.Tests.Mock;

/// <summary>
/// A source QEMU 7.2 with its two monitors, in the phases and with the answers of the measured tables: what QEMU does by itself happens by
/// itself, what takes time happens when the test says so.
/// </summary>
internal sealed class MockQemu : IAsyncDisposable
{
    private readonly MockQmpServer _agent;
    private readonly MockQmpServer _rescue;
    private readonly Lock _lock = new();
    private readonly List<string> _carriedOut = [];
    private TaskCompletionSource _mainLoop = new();
    private bool _stoppedByCommand;
    private long _transferred = 1;
    private int _windows;

    public MockQemu(string runDirectory, VmId vm)
    {
        var directory = Directory.CreateDirectory(Path.Combine(runDirectory, vm.Value)).FullName;
        _mainLoop.SetResult();
        _agent = new MockQmpServer(Path.Combine(directory, "agent.qmp"), CarryOutAsync);
        _rescue = new MockQmpServer(Path.Combine(directory, "rescue.qmp"), CarryOutAsync);
    }

    public string RunState { get; set; } = "running";

    public string Migration { get; set; } = "none";

    public int SyncCount { get; set; }

    public long Remaining { get; set; } = 100_000_000;

    /// <summary>Bytes move at each look; off: the link stands still.</summary>
    public bool Moves { get; set; } = true;

    /// <summary>Totals are there; QEMU sets them a moment after the state.</summary>
    public Func<long> TotalTime { get; set; } = () => 1234;

    /// <summary>What <c>stop</c> finds: false for a QEMU that has ended pre-copy by itself a moment before.</summary>
    public bool StopIsInTime { get; set; } = true;

    /// <summary>What the out-of-band yank answers and does; default: breaks what is being sent.</summary>
    public Action? Yank { get; set; }

    /// <summary>Commands carried out so far, in order, without the questions.</summary>
    public IReadOnlyList<string> CarriedOut
    {
        get
        {
            lock (_lock) return [.. _carriedOut.Where(c => !c.StartsWith("query-", StringComparison.Ordinal))];
        }
    }

    public int AgentConnections => _agent.Served;

    public void HangUpAgent() => _agent.Hangup();

    /// <summary>Ordinary commands are no longer answered: QEMU sends its last state and holds its big lock.</summary>
    public void StandStill() => _mainLoop = new TaskCompletionSource();

    public void GoOn() => _mainLoop.TrySetResult();

    public async Task FinishPassAsync(long remaining)
    {
        SyncCount++;
        Remaining = remaining;
        await EventAsync("MIGRATION_PASS", new JsonObject { ["pass"] = SyncCount });
    }

    public Task EnterPreSwitchoverAsync()
    {
        RunState = "finish-migrate";
        return BecomeAsync("pre-switchover");
    }

    public Task CompleteAsync()
    {
        RunState = "postmigrate";
        return BecomeAsync("completed");
    }

    /// <summary>Not completed: QEMU resumes by itself unless the guest was stopped before.</summary>
    public async Task FailAsync(string state)
    {
        await BecomeAsync(state);
        if (RunState == "running") return;
        RunState = _stoppedByCommand ? "postmigrate" : "running";
        if (RunState == "running") await EventAsync("RESUME");
    }

    public async Task EventAsync(string name, JsonObject? data = null)
    {
        await _agent.SendEventAsync(name, data?.DeepClone().AsObject());
        await _rescue.SendEventAsync(name, data);
    }

    public async ValueTask DisposeAsync()
    {
        GoOn();
        await _agent.DisposeAsync();
        await _rescue.DisposeAsync();
    }

    private async Task BecomeAsync(string state)
    {
        Migration = state;
        await EventAsync("MIGRATION", new JsonObject { ["status"] = state });
    }

    private async Task<JsonNode?> CarryOutAsync(string command, JsonObject arguments)
    {
        if (!command.StartsWith("oob:", StringComparison.Ordinal)) await _mainLoop.Task;
        lock (_lock) _carriedOut.Add(arguments.Count == 0 ? command : command + arguments.ToJsonString());
        switch (command)
        {
            case "query-status":
                return new JsonObject { ["status"] = RunState, ["running"] = RunState == "running" };
            case "query-migrate":
                return Describe();
            case "migrate":
                if (Migration is "active" or "pre-switchover" or "device") throw new MockRefusal("There's a migration process in progress");
                await BecomeAsync("setup");
                await BecomeAsync("active");
                await FinishPassAsync(Remaining);
                break;
            case "stop":
                if (StopIsInTime)
                {
                    RunState = "paused";
                    _stoppedByCommand = true;
                }
                else
                {
                    await EnterPreSwitchoverAsync();
                }

                await EventAsync("STOP");
                break;
            case "cont":
                RunState = "running";
                await EventAsync("RESUME");
                break;
            case "migrate-set-parameters" when Migration == "active" && (arguments["downtime-limit"]?.GetValue<long>() ?? 0) > 1000:
                await EnterPreSwitchoverAsync();
                break;
            case "migrate-continue":
                if (Migration != "pre-switchover") throw new MockRefusal("Migration not in expected state: pre-switchover");
                await BecomeAsync("device");
                break;
            case "migrate_cancel":
                if (Migration is "active" or "pre-switchover" or "device") await FailAsync("cancelled");
                break;
            case "oob:yank":
                if (Yank is { } yank) yank();
                else if (Migration is "active" or "device") await YankedAsync();
                else if (Migration is not "pre-switchover") throw new MockRefusal("Instance doesn't exist");
                break;
            case "block-dirty-bitmap-remove" or "blockdev-del":
                throw new MockRefusal("Cannot find device='migration-hold' nor node-name='migration-hold'");
        }

        return new JsonObject();
    }

    private async Task YankedAsync()
    {
        GoOn();
        await FailAsync("failed");
    }

    private JsonObject Describe()
    {
        if (Migration == "none") return [];
        if (Moves) _transferred += 4096;
        return new JsonObject
        {
            ["status"] = Migration,
            ["total-time"] = Migration == "completed" ? TotalTime() : 5,
            ["downtime"] = 40,
            ["ram"] = new JsonObject
            {
                ["dirty-sync-count"] = SyncCount, ["transferred"] = _transferred, ["remaining"] = Remaining,
                ["mbps"] = 800.5 + _windows++, // each look sees a new window
            },
        };
    }
}
