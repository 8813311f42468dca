namespace HostNode.Hypervisors.Qemu;

/// <summary>Start, run, check, destroy.</summary>
internal sealed partial class QemuGuest
{
    // A shorter pause needs no second announcement: QEMU's own, and the guest's, are still under way or just out.
    private static readonly TimeSpan AnnounceAgainAfter = TimeSpan.FromSeconds(1);

    private DateTimeOffset? _resumedAt;

    private async Task StartAsync(StartGuest command)
    {
        var monitor = await FindAsync().ConfigureAwait(false);
        if (monitor is not null && ReceivingFor is not null) throw new QmpException("an incoming copy of this guest is here");
        if (monitor is null)
        {
            _label = new GuestLabel(Vm, GuestRole.Resident, command.Spec, command.Epoch);
            var process = await QemuLauncher.StartAsync(_files, _label, _options, _stop.Token).ConfigureAwait(false);
            monitor = await AttachToAsync(process).ConfigureAwait(false);
        }

        await ContinueAsync(monitor).ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var monitor = Monitor;
        await ContinueAsync(monitor).ConfigureAwait(false);
        try
        {
            await SettleAsync(monitor).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException or IOException)
        {
            // The guest runs; what is left over is cleared when it moves again.
        }
    }

    // After the blackout: what only the migration needed goes, and a long silence is ended.
    private async Task SettleAsync(QmpMonitor monitor)
    {
        if (_files.ReadLabel() is { Role: not GuestRole.Resident } label)
        {
            SetLabel(label with { Role = GuestRole.Resident, Migration = null, StoppingAt = null });
            await MigrationHold.RemoveAsync(monitor, _options.CommandTimeout, _stop.Token).ConfigureAwait(false);
        }

        var loaded = _loadedAt;
        _loadedAt = null;
        if (loaded is { } at && _options.Time.GetUtcNow() - at > AnnounceAgainAfter)
        {
            await DoAsync(monitor, "announce-self", QmpArguments.Announce()).ConfigureAwait(false);
        }
    }

    private async Task ContinueAsync(QmpMonitor monitor)
    {
        var state = await RunStateAsync(monitor).ConfigureAwait(false);
        // While it receives, "cont" would be taken as "start by yourself once loaded".
        if (state == "inmigrate") throw new QmpException("the guest is not complete: it still receives");
        if (state != "running")
        {
            _resumedAt = null;
            await DoAsync(monitor, "cont").ConfigureAwait(false);
            state = await RunStateAsync(monitor).ConfigureAwait(false);
            if (state != "running") throw new QmpException($"after the run command the guest is {state}");
        }

        _sink.Post(new GuestRunning(Vm, _resumedAt ?? _options.Time.GetUtcNow()));
    }

    private async Task VerifyAsync(VerifyGuest command)
    {
        var monitor = Monitor;
        var state = await RunStateAsync(monitor).ConfigureAwait(false);
        await DoAsync(monitor, "announce-self", QmpArguments.Announce()).ConfigureAwait(false);
        _sink.Post(new GuestVerified(Vm, command.Migration, state == "running", $"QEMU says {state}; network announced"));
    }

    private async Task DestroyAsync()
    {
        if (await FindAsync().ConfigureAwait(false) is { } monitor)
        {
            monitor.DeathIsOrdered = true;
            await monitor.Process.KillAsync(_options.Time).ConfigureAwait(false);
            await DetachAsync().ConfigureAwait(false);
        }

        _files.Remove();
        _sink.Post(new GuestDead(Vm));
    }
}
