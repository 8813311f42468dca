using System.Text.Json.Nodes;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// One attempt to send a guest away, from <c>migrate</c> to completed, cancelled or failed, or taken up in whatever state it is found.
/// One loop looks at QEMU and acts; wishes from outside (stop and copy, abort, new limits) only set a word and wake it, but an abort also
/// pulls the plug at once, as the loop may wait for an answer that comes only then.
/// </summary>
internal sealed partial class OutgoingMigration : IDisposable
{
    private readonly QmpMonitor _monitor;
    private readonly GuestFiles _files;
    private readonly QemuOptions _options;
    private readonly IHypervisorSink _sink;
    private readonly Signal _wake = new();
    private readonly RoundMeter _meter = new();
    private readonly RoundLog _log = new();
    private readonly StallWatch _stall;
    private readonly MigrationPlug _plug;
    private volatile MigrateOut? _plan;
    private volatile string? _abort;
    private volatile bool _stopWanted;
    private DateTimeOffset _begunAt;
    private ByteRate? _pace; // null: an agent before us set it

    public OutgoingMigration(VmId vm, MigrationId migration, QmpMonitor monitor, GuestFiles files, QemuOptions options, IHypervisorSink sink)
    {
        Vm = vm;
        Migration = migration;
        _monitor = monitor;
        _files = files;
        _options = options;
        _sink = sink;
        _stall = new StallWatch(options.StallMax);
        _plug = new MigrationPlug(monitor, options);
        _begunAt = options.Time.GetUtcNow();
    }

    public VmId Vm { get; }

    public MigrationId Migration { get; }

    /// <summary>Ends when the outcome was told, or the process is gone.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

    private ByteRate Ceiling => _plan?.Policy.MaxBandwidth ?? Pacing.Unlimited;

    /// <param name="plan">What to do; null takes up what is found, to abort it or to tell how it ended.</param>
    public void Start(MigrateOut? plan, CancellationToken stop)
    {
        _plan = plan;
        Done = RunAsync(stop);
    }

    public void Update(MigrateOut plan)
    {
        _plan = plan;
        _wake.Set();
    }

    public void StopAndCopy()
    {
        _stopWanted = true;
        _wake.Set();
    }

    /// <summary>Gives up, at once even where QEMU answers nothing else.</summary>
    public void Abort(string reason, CancellationToken stop)
    {
        _abort ??= reason;
        _plug.Pull(stop);
        _wake.Set();
    }

    public void OnEvent(QmpEvent happened)
    {
        if (happened.Name == "STOP") _stoppedAt = happened.At;
        if (happened.Name is not ("MIGRATION" or "MIGRATION_PASS")) return;
        if (happened.Text("status") == "completed") _completedAt = happened.At;
        _wake.Set();
    }

    public void Dispose() => _wake.Dispose();

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            var refused = await _monitor.InsistAsync(() => BeginAsync(stop), stop).ConfigureAwait(false);
            if (refused is not null)
            {
                await _monitor.InsistAsync(() => FailAsync(refused, stop), stop).ConfigureAwait(false);
                return;
            }

            while (await _monitor.InsistAsync(() => LookAsync(stop), stop).ConfigureAwait(false))
            {
                await _wake.WaitAsync(_options.PollInterval, _options.Time, stop).ConfigureAwait(false);
            }
        }
        catch (Exception) when (stop.IsCancellationRequested || _monitor.Gone.IsCompleted)
        {
            // The process is gone or the driver ends: whoever caused it tells.
        }
        finally
        {
            _deadline?.Dispose(); // it must not end a later migration of the same guest
        }
    }

    /// <returns>False when there is nothing more to do.</returns>
    private async Task<bool> LookAsync(CancellationToken stop)
    {
        var status = await _monitor.QueryMigrationAsync(stop: stop).ConfigureAwait(false);
        switch (status.State)
        {
            case "completed":
                await CompleteAsync(status, stop).ConfigureAwait(false);
                return false;
            case "cancelled" or "failed" or "none":
                await FailAsync(_abort ?? status.Error ?? "QEMU says " + status.State, stop).ConfigureAwait(false);
                return false;
            case "pre-switchover" when _abort is null:
                await ContinueAsync(stop).ConfigureAwait(false);
                return true;
            case "setup" or "active" when _abort is null:
                await TryIterateAsync(status, stop).ConfigureAwait(false);
                return true;
            default:
                if (_abort is not null) _plug.PullAgain(stop);
                return true;
        }
    }

    private async Task TryIterateAsync(MigrationStatus status, CancellationToken stop)
    {
        try
        {
            await IterateAsync(status, stop).ConfigureAwait(false);
        }
        catch (QmpCommandException refused)
        {
            Abort(refused.Message, stop);
        }
    }

    private async Task IterateAsync(MigrationStatus status, CancellationToken stop)
    {
        var now = _options.Time.GetUtcNow();
        if (_guarded) return; // stopped: ends by itself at the end of the window
        if (_stall.IsStalled(status.Transferred, now))
        {
            Abort($"nothing was sent for {_options.StallMax.TotalSeconds:0} s", stop);
            return;
        }

        var round = _meter.Observe(status, _pace ?? Pacing.Slowest, paced: _pace is not { } set || set < Ceiling, now);
        if (round is not null) await TellRoundAsync(round, stop).ConfigureAwait(false);
        else TellProgress(status);
        if (_stopWanted && status.State == "active")
        {
            await StopGuestAsync(status, stop).ConfigureAwait(false);
            return;
        }

        // The first pass goes as fast as it can, and so does what is taken up, until the line is known.
        var pace = status.SyncCount <= 1 || !_meter.IsMeasured ? Ceiling : Pacing.Next(status.Remaining, _meter.SlowestDirtyRate, Ceiling);
        await PaceAsync(pace, stop).ConfigureAwait(false);
    }

    private void TellProgress(MigrationStatus now)
    {
        var sample = new ProgressSample(
            Migration, now.SyncCount, now.Transferred, now.Remaining, _meter.Bandwidth, _meter.SlowestDirtyRate, now.ThrottlePercent);
        _sink.Post(new OutgoingProgress(Vm, sample));
    }

    private async Task TellRoundAsync(RoundFacts round, CancellationToken stop)
    {
        var plan = _plan;
        if (_log.Judge(round, plan?.Policy ?? MigrationPolicy.Default, plan is { Force: true }, FixedPart) is not { } told) return;
        var (facts, forecast) = told;
        if (forecast.Verdict == Verdict.Throttle)
        {
            var parameters = new JsonObject();
            QmpArguments.SetThrottle(parameters, forecast.ThrottlePercent);
            await SetAsync(parameters, stop).ConfigureAwait(false);
        }

        _sink.Post(new OutgoingRound(Vm, Migration, facts, forecast));
    }

    private async Task PaceAsync(ByteRate pace, CancellationToken stop)
    {
        if (pace == _pace) return;
        await SetAsync(new JsonObject { ["max-bandwidth"] = pace.Value }, stop).ConfigureAwait(false);
        _pace = pace;
    }

    /// <summary>Not migrated. A guarded guest stays stopped; any other runs, or will by itself.</summary>
    private async Task<bool> FailAsync(string reason, CancellationToken stop)
    {
        var state = await _monitor.QueryRunStateAsync(stop: stop).ConfigureAwait(false);
        _sink.Post(new OutgoingFailed(Vm, Migration, reason, GuestRuns: state == "running"));
        try
        {
            await MigrationHold.RemoveAsync(_monitor, _options.CommandTimeout, stop).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException)
        {
            // Cleared when the guest moves again.
        }

        return true;
    }

    private Task SetAsync(JsonObject parameters, CancellationToken stop) => _monitor.ExecuteAsync("migrate-set-parameters", parameters, stop: stop);
}
