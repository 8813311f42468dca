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
internal sealed class OutgoingMigration : IDisposable
{
    /// <summary>What a switchover costs besides the bytes: the rest of a bandwidth window, stopping, device state, loading, the run command.</summary>
    public static readonly TimeSpan FixedPart = TimeSpan.FromMilliseconds(80);

    private static readonly TimeSpan KickAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WindowLookInterval = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan WindowMargin = TimeSpan.FromMilliseconds(25);
    private const int WindowLooksMax = 60;
    private const int DowntimeHeldMs = 1;
    private const int DowntimeOpenMs = 2_000_000; // QEMU's largest

    private readonly QmpMonitor _monitor;
    private readonly GuestFiles _files;
    private readonly QemuOptions _options;
    private readonly IHypervisorSink _sink;
    private readonly Signal _wake = new();
    private readonly RoundMeter _meter = new();
    private readonly RoundLog _log = new();
    private readonly StallWatch _stall;
    private volatile MigrateOut? _plan;
    private volatile string? _abort;
    private volatile bool _stopWanted;
    private DateTimeOffset _kickedAt;
    private DateTimeOffset _begunAt;
    private DateTimeOffset? _pausedAt;
    private DateTimeOffset? _completedAt;
    private DateTimeOffset? _stoppedAt;
    private Task _yank = Task.CompletedTask;
    private Task _cancel = Task.CompletedTask;
    private bool _guarded;
    private bool _continued;
    private ByteRate _pace = Pacing.Unlimited;

    public OutgoingMigration(VmId vm, MigrationId migration, QmpMonitor monitor, GuestFiles files, QemuOptions options, IHypervisorSink sink)
    {
        Vm = vm;
        Migration = migration;
        _monitor = monitor;
        _files = files;
        _options = options;
        _sink = sink;
        _stall = new StallWatch(options.StallMax);
        _begunAt = options.Time.GetUtcNow();
    }

    public VmId Vm { get; }

    public MigrationId Migration { get; }

    /// <summary>Ends when the outcome was told, or the process is gone.</summary>
    public Task Done { get; private set; } = Task.CompletedTask;

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

    /// <summary>Gives up, at once even where QEMU answers nothing else: see <see cref="Kick"/>.</summary>
    public void Abort(string reason, CancellationToken stop)
    {
        _abort ??= reason;
        Kick(stop);
        _wake.Set();
    }

    public void OnEvent(QmpEvent happened)
    {
        switch (happened.Name)
        {
            case "STOP":
                _stoppedAt = happened.At;
                break;
            case "MIGRATION" when happened.Text("status") == "completed":
                _completedAt = happened.At;
                _wake.Set();
                break;
            case "MIGRATION" or "MIGRATION_PASS":
                _wake.Set();
                break;
        }
    }

    public void Dispose() => _wake.Dispose();

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            if (await InsistAsync(() => BeginAsync(stop), stop).ConfigureAwait(false) is { } refused)
            {
                await FailAsync(refused, stop).ConfigureAwait(false);
                return;
            }

            while (await InsistAsync(() => LookAsync(stop), stop).ConfigureAwait(false))
            {
                await _wake.WaitAsync(_options.PollInterval, _options.Time, stop).ConfigureAwait(false);
            }
        }
        catch (Exception end) when (end is OperationCanceledException || (end is QmpException && (stop.IsCancellationRequested || _monitor.Gone.IsCompleted)))
        {
            // The process is gone or the driver ends: whoever caused it tells.
        }
    }

    /// <returns>Why there is nothing to look after, or null.</returns>
    private async Task<string?> BeginAsync(CancellationToken stop)
    {
        var found = await InsistAsync(() => _monitor.QueryMigrationAsync(stop: stop), stop).ConfigureAwait(false);
        if (!found.HasEnded) return await TakeUpAsync(stop).ConfigureAwait(false);
        if (found is { State: "completed", FromSource: true } && await _monitor.QueryRunStateAsync(stop: stop).ConfigureAwait(false) == "postmigrate") return null;
        if (_abort is { } reason) return reason;
        if (_plan is not { } plan) return $"not under way: {found.State}{(found.Error is { } error ? ", " + error : "")}";
        if (plan.Endpoint.HypervisorPort is not { } port) return "the destination named no port of its hypervisor";
        try
        {
            await PrepareAsync(plan, stop).ConfigureAwait(false);
            if (_abort is { } late) return late;
            _begunAt = _options.Time.GetUtcNow();
            await _monitor.ExecuteAsync("migrate", new JsonObject { ["uri"] = UriOf(plan.Endpoint.Address, port) }, stop: stop).ConfigureAwait(false);
            return null;
        }
        catch (QmpCommandException refused)
        {
            return refused.Message;
        }
    }

    // An agent before this one began it. What it had set in QEMU still holds; what it meant is on the label.
    private async Task<string?> TakeUpAsync(CancellationToken stop)
    {
        var label = _files.ReadLabel();
        if (label?.Migration is { } other && other != Migration) return $"another migration is under way: {other}";
        if (label?.StoppingAt is not { } stopping) return null;
        var state = await _monitor.QueryRunStateAsync(stop: stop).ConfigureAwait(false);
        if (state is not "running") _pausedAt = stopping;
        _guarded = state is "paused"; // else unknown: not relied on
        return null;
    }

    private async Task PrepareAsync(MigrateOut plan, CancellationToken stop)
    {
        var spec = _files.ReadLabel()?.Spec ?? plan.Spec;
        _files.WriteLabel(new GuestLabel(Vm, GuestRole.Outgoing, spec, plan.Epoch, Migration));
        var throttled = plan.Policy.MaxThrottlePercent > 0;
        await _monitor.ExecuteAsync("migrate-set-capabilities", QmpArguments.Capabilities(
            ("events", true), ("return-path", true), ("pause-before-switchover", true), ("dirty-bitmaps", true), ("auto-converge", throttled)), stop: stop).ConfigureAwait(false);
        await MigrationHold.HoldAsync(_monitor, stop).ConfigureAwait(false);
        _pace = plan.Policy.MaxBandwidth ?? Pacing.Unlimited;
        var parameters = new JsonObject { ["max-bandwidth"] = _pace.Value, ["downtime-limit"] = DowntimeHeldMs };
        if (throttled) QmpArguments.SetThrottle(parameters, 1);
        await SetAsync(parameters, stop).ConfigureAwait(false);
    }

    /// <returns>False when there is nothing more to do.</returns>
    private async Task<bool> LookAsync(CancellationToken stop)
    {
        var status = await InsistAsync(() => _monitor.QueryMigrationAsync(stop: stop), stop).ConfigureAwait(false);
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
                await IterateAsync(status, stop).ConfigureAwait(false);
                return true;
            default:
                if (_abort is not null && _options.Time.GetUtcNow() - _kickedAt > KickAgainAfter) Kick(stop);
                return true;
        }
    }

    private async Task IterateAsync(MigrationStatus status, CancellationToken stop)
    {
        var now = _options.Time.GetUtcNow();
        if (_stall.IsStalled(status.Transferred, now))
        {
            Abort($"nothing was sent for {_options.StallMax.TotalSeconds:0} s", stop);
            return;
        }

        if (_guarded) return; // stopped: ends by itself at the end of the window
        var ceiling = _plan?.Policy.MaxBandwidth;
        var round = _meter.Observe(status, _pace, paced: _pace < (ceiling ?? Pacing.Unlimited), now);
        if (round is not null) await TellRoundAsync(round, stop).ConfigureAwait(false);
        else _sink.Post(new OutgoingProgress(Vm, new ProgressSample(
            Migration, status.SyncCount, status.Transferred, status.Remaining, _meter.Bandwidth, _meter.SlowestDirtyRate, status.ThrottlePercent)));
        if (_stopWanted && status.State == "active")
        {
            await StopGuestAsync(stop).ConfigureAwait(false);
            return;
        }

        // The first pass goes as fast as it can.
        var pace = status.SyncCount <= 1 ? ceiling ?? Pacing.Unlimited : Pacing.Next(status.Remaining, _meter.SlowestDirtyRate, ceiling);
        if (pace == _pace) return;
        await SetAsync(new JsonObject { ["max-bandwidth"] = pace.Value }, stop).ConfigureAwait(false);
        _pace = pace;
    }

    private async Task TellRoundAsync(RoundFacts round, CancellationToken stop)
    {
        if (_log.Judge(round, _plan?.Policy ?? MigrationPolicy.Default, _plan is { Force: true }, FixedPart) is not { } told) return;
        var (facts, forecast) = told;
        if (forecast.Verdict == Verdict.Throttle)
        {
            var parameters = new JsonObject();
            QmpArguments.SetThrottle(parameters, forecast.ThrottlePercent);
            await SetAsync(parameters, stop).ConfigureAwait(false);
        }

        _sink.Post(new OutgoingRound(Vm, Migration, facts, forecast));
    }

    /// <summary>
    /// Stops the guest while the migration is still <c>active</c>: then QEMU does not resume it by itself, whatever comes. Only then the limit
    /// is raised that ends pre-copy.
    /// </summary>
    private async Task StopGuestAsync(CancellationToken stop)
    {
        await ApproachAsync(stop).ConfigureAwait(false);
        if (_abort is not null) return;
        var label = _files.ReadLabel() ?? new GuestLabel(Vm, GuestRole.Outgoing, _plan?.Spec, _plan?.Epoch ?? Epoch.None, Migration);
        var before = _options.Time.GetUtcNow();
        _files.WriteLabel(label with { StoppingAt = before });
        _stoppedAt = null;
        // Sent in one go, carried out in order.
        var stopped = _monitor.ExecuteAsync("stop", stop: stop);
        var asked = _monitor.QueryRunStateAsync(stop: stop);
        var opened = SetAsync(new JsonObject { ["downtime-limit"] = DowntimeOpenMs }, stop);
        await Task.WhenAll(stopped, asked, opened).ConfigureAwait(false);
        _pausedAt = _stoppedAt ?? before;

        // "paused" is the proof: had QEMU ended pre-copy before our stop, it would say finish-migrate. The migration's own state is none,
        // as it stays active for a moment after QEMU has stopped the guest by itself.
        _guarded = await asked.ConfigureAwait(false) == "paused";
        if (_guarded) _sink.Post(new OutgoingPaused(Vm, Migration, _pausedAt.Value));
        else Abort("QEMU ended pre-copy by itself just before the guest was stopped: it would resume by itself too", stop);
    }

    /// <summary>
    /// Makes the blackout short while the guest still runs. First, full speed: so little stays dirty. Then, the right moment: QEMU looks at its
    /// limit only at the end of each bandwidth window, so a stop in its middle would add up to 100 ms. The end of one is seen by a new figure of
    /// its throughput; the stop comes just before the end of the next.
    /// </summary>
    private async Task ApproachAsync(CancellationToken stop)
    {
        await SetAsync(new JsonObject { ["max-bandwidth"] = (_plan?.Policy.MaxBandwidth ?? Pacing.Unlimited).Value }, stop).ConfigureAwait(false);
        MigrationStatus? last = null;
        var ends = 0;
        for (var look = 0; look < WindowLooksMax && ends < 2 && _abort is null; look++)
        {
            var status = await _monitor.QueryMigrationAsync(stop: stop).ConfigureAwait(false);
            if (status.State != "active") return;
            if (last is not null && status.Throughput != last.Throughput) ends++;
            last = status;
            await Task.Delay(ends < 2 ? WindowLookInterval : Pacing.Window - WindowMargin, _options.Time, stop).ConfigureAwait(false);
        }
    }

    private async Task ContinueAsync(CancellationToken stop)
    {
        if (!_guarded)
        {
            Abort("QEMU ended pre-copy by itself, without permission", stop);
            return;
        }

        if (_continued) return;
        _continued = true;
        try
        {
            await _monitor.ExecuteAsync("migrate-continue", new JsonObject { ["state"] = "pre-switchover" }, stop: stop).ConfigureAwait(false);
        }
        catch (QmpCommandException)
        {
            // The state has moved on: the next look says where to.
        }
    }

    private async Task CompleteAsync(MigrationStatus status, CancellationToken stop)
    {
        var completed = _completedAt ?? _options.Time.GetUtcNow();
        var paused = _pausedAt ?? _stoppedAt;
        if (paused is null)
        {
            // Taken up after its end: QEMU's totals are all there is, and they come a moment after the state.
            while (status.TotalTime == TimeSpan.Zero)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5), _options.Time, stop).ConfigureAwait(false);
                status = await _monitor.QueryMigrationAsync(stop: stop).ConfigureAwait(false);
            }

            paused = _files.ReadLabel()?.StoppingAt ?? completed - status.Downtime;
        }

        var total = status.TotalTime > TimeSpan.Zero ? status.TotalTime : completed - _begunAt;
        var stats = new TransferStats(status.Transferred, ByteCount.Zero, Math.Max(status.SyncCount - 1, 0), total, completed - paused.Value);
        _sink.Post(new OutgoingCompleted(Vm, Migration, TransferName.Of(Vm, Migration), stats, paused.Value));
    }

    private async Task FailAsync(string reason, CancellationToken stop)
    {
        var state = await InsistAsync(() => _monitor.QueryRunStateAsync(stop: stop), stop).ConfigureAwait(false);
        _sink.Post(new OutgoingFailed(Vm, Migration, reason, GuestRuns: state == "running"));
        await MigrationHold.RemoveAsync(_monitor, stop).ConfigureAwait(false);
    }

    /// <summary>
    /// Out-of-band <c>yank</c> ends what is being sent (the only thing that works in the device phase); <c>migrate_cancel</c> ends what waits
    /// (the only thing that works in pre-switchover) and is answered when QEMU gets to it. Harmless to repeat, no effect after completion.
    /// </summary>
    private void Kick(CancellationToken stop)
    {
        lock (_wake)
        {
            _kickedAt = _options.Time.GetUtcNow();
            if (_yank.IsCompleted) _yank = TryAsync(_monitor.ExecuteAsync("yank", QmpArguments.YankMigration(), _options.CommandTimeout, outOfBand: true, stop: stop));
            if (_cancel.IsCompleted) _cancel = TryAsync(_monitor.ExecuteAsync("migrate_cancel", stop: stop));
        }
    }

    private async Task TryAsync(Task command)
    {
        try
        {
            await command.ConfigureAwait(false);
            _wake.Set();
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException or OperationCanceledException)
        {
            // Not there to be ended, or QEMU does not answer: the loop looks at what came of it.
        }
    }

    private Task SetAsync(JsonObject parameters, CancellationToken stop) => _monitor.ExecuteAsync("migrate-set-parameters", parameters, stop: stop);

    // A question is asked until it is answered, over as many connections as it takes, or the process is gone.
    private async Task<T> InsistAsync<T>(Func<Task<T>> ask, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (QmpException failure) when (failure is not QmpCommandException && !_monitor.Gone.IsCompleted && !stop.IsCancellationRequested)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10), _options.Time, stop).ConfigureAwait(false);
            }
        }
    }

    private static string UriOf(string address, int port) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"tcp:{(address.Contains(':', StringComparison.Ordinal) ? "[" + address + "]" : address)}:{port}");
}
