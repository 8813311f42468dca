using System.Text.Json.Nodes;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace HostNode.Hypervisors.Qemu;

/// <summary>From the order to stop the guest to the destination's acknowledgement: the blackout, and what shortens it.</summary>
internal sealed partial class OutgoingMigration
{
    /// <summary>What a switchover costs besides the bytes: the rest of a bandwidth window, stopping, device state, loading, the run command.</summary>
    public static readonly TimeSpan FixedPart = TimeSpan.FromMilliseconds(80);

    private static readonly TimeSpan WindowLookInterval = TimeSpan.FromMilliseconds(8);
    private static readonly TimeSpan WindowMargin = TimeSpan.FromMilliseconds(25);
    private const int WindowLooksMax = 60;

    // A transfer may take so many times longer than the line's measured bandwidth says before it counts as stuck.
    private const int TransferPatience = 3;

    private DateTimeOffset? _pausedAt;
    private DateTimeOffset? _completedAt;
    private DateTimeOffset? _stoppedAt;
    private ITimer? _deadline;
    private bool _guarded;
    private bool _continued;

    /// <summary>
    /// Stops the guest while the migration is still <c>active</c>: then QEMU does not resume it by itself, whatever comes. Only then the limit
    /// is raised that ends pre-copy.
    /// </summary>
    private async Task StopGuestAsync(MigrationStatus status, CancellationToken stop)
    {
        await ApproachAsync(stop).ConfigureAwait(false);
        if (_abort is not null) return;
        var label = _files.ReadLabel() ?? new GuestLabel(Vm, GuestRole.Outgoing, _plan?.Spec, _plan?.Epoch ?? Epoch.None, Migration);
        var before = _options.Time.GetUtcNow();
        _files.WriteLabel(label with { StoppingAt = before });
        SetDeadline(status.Remaining, stop);
        _stoppedAt = null;
        // Sent in one go, carried out in order.
        var stopped = _monitor.ExecuteAsync("stop", stop: stop);
        var asked = _monitor.QueryRunStateAsync(stop: stop);
        var opened = SetAsync(new JsonObject { ["downtime-limit"] = MigrationHold.OpenMilliseconds }, stop);
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
        await PaceAsync(Ceiling, stop).ConfigureAwait(false);
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

    // With the guest stopped nobody may wait for TCP to notice a cut: QEMU would, many minutes, and answer nothing meanwhile. Until the source has
    // said "completed" giving up is its own right.
    private void SetDeadline(ByteCount remaining, CancellationToken stop)
    {
        var transfer = _meter.Bandwidth.TimeFor(remaining);
        var limit = _options.SwitchoverMax + (transfer < TimeSpan.FromHours(1) ? transfer * TransferPatience : TimeSpan.Zero);
        _deadline?.Dispose();
        var reason = $"the switchover was not over {limit.TotalSeconds:0.#} s after the guest was stopped";
        _deadline = _options.Time.CreateTimer(_ => Abort(reason, stop), null, limit, Timeout.InfiniteTimeSpan);
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
}
