using System.Text.Json.Nodes;
using Coordinator.Shared.Contracts;

namespace HostNode.Hypervisors.Qemu;

/// <summary>How it begins: from nothing, or from what an agent before this one left under way.</summary>
internal sealed partial class OutgoingMigration
{
    /// <returns>Why there is nothing to look after, or null.</returns>
    private async Task<string?> BeginAsync(CancellationToken stop)
    {
        var found = await _monitor.QueryMigrationAsync(stop: stop).ConfigureAwait(false);
        if (!found.HasEnded) return await TakeUpAsync(stop).ConfigureAwait(false);
        if (await IsCompletedSourceAsync(found, stop).ConfigureAwait(false)) return null;
        if (_abort is { } reason) return reason;
        if (_plan is not { } plan) return $"not under way: {found.State}{(found.Error is { } error ? ", " + error : "")}";
        if (plan.Endpoint.HypervisorPort is not { } port) return "the destination named no port of its hypervisor";
        try
        {
            await PrepareAsync(plan, stop).ConfigureAwait(false);
            if (_abort is { } late) return late;
            _begunAt = _options.Time.GetUtcNow();
            var to = new JsonObject { ["uri"] = QmpArguments.Uri(plan.Endpoint.Address, port) };
            await _monitor.ExecuteAsync("migrate", to, stop: stop).ConfigureAwait(false);
            return null;
        }
        catch (Exception refused) when (refused is QmpCommandException or TimeoutException or IOException and not QmpException)
        {
            return refused.Message;
        }
    }

    // A guest that once came here keeps the word "completed" of its arrival, and one that was given back that of its departure.
    private async Task<bool> IsCompletedSourceAsync(MigrationStatus found, CancellationToken stop) =>
        found is { State: "completed", FromSource: true } && await _monitor.QueryRunStateAsync(stop: stop).ConfigureAwait(false) == "postmigrate";

    // What the agent before us had set in QEMU still holds; what it meant is on the label.
    private async Task<string?> TakeUpAsync(CancellationToken stop)
    {
        var label = _files.ReadLabel();
        if (label?.Migration is { } other && other != Migration) return $"another migration is under way: {other}";
        if (label?.StoppingAt is not { } stopping) return null;
        var state = await _monitor.QueryRunStateAsync(stop: stop).ConfigureAwait(false);
        if (state != "running") _pausedAt = stopping;
        _guarded = state == "paused"; // else unknown: not relied on
        return null;
    }

    private async Task PrepareAsync(MigrateOut plan, CancellationToken stop)
    {
        var spec = _files.ReadLabel()?.Spec ?? plan.Spec;
        _files.WriteLabel(new GuestLabel(Vm, GuestRole.Outgoing, spec, plan.Epoch, Migration));
        var throttled = plan.Policy.MaxThrottlePercent > 0;
        await _monitor.ExecuteAsync("migrate-set-capabilities", QmpArguments.Capabilities(throttled), stop: stop).ConfigureAwait(false);
        await MigrationHold.HoldAsync(_monitor, _options.CommandTimeout, stop).ConfigureAwait(false);
        _pace = Ceiling;
        var parameters = new JsonObject { ["max-bandwidth"] = Ceiling.Value, ["downtime-limit"] = MigrationHold.HeldMilliseconds };
        if (throttled) QmpArguments.SetThrottle(parameters, 1);
        await SetAsync(parameters, stop).ConfigureAwait(false);
    }
}
