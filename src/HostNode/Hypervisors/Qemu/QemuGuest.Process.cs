namespace HostNode.Hypervisors.Qemu;

/// <summary>The process behind the guest: found, kept, seen to go.</summary>
internal sealed partial class QemuGuest
{
    private QmpMonitor? _monitor;
    private GuestLabel? _label;

    private async Task<DiscoveredGuest?> DescribeAsync()
    {
        if (await FindAsync().ConfigureAwait(false) is not { } monitor)
        {
            _files.RemoveAllButLogs();
            return null;
        }

        try
        {
            var found = await QemuDiscovery.DescribeAsync(Vm, _label, monitor, _options, _stop.Token).ConfigureAwait(false);
            if (found.State == GuestRunState.Loaded) _loadedAt = _options.Time.GetUtcNow();
            // Its port may never have been told: events of an agent before this one are lost with it.
            if (found.State == GuestRunState.Incoming) _work.Writer.TryWrite(CatchUpAsync);
            if (found.State == GuestRunState.Running && ReceivingFor is not null) SetLabel(_label! with { Role = GuestRole.Resident, Migration = null });
            return found;
        }
        catch (Exception silent) when (silent is QmpException or TimeoutException)
        {
            // Its process lives but its main loop does not answer: it is sending its last state. Nothing may be read into that.
            var state = _label?.Role == GuestRole.Incoming ? GuestRunState.Incoming : GuestRunState.Paused;
            return monitor.Process.IsAlive ? new DiscoveredGuest(Vm, _label?.Spec, state, _label?.Migration, null) : null;
        }
    }

    // The monitor of a live process, found in the operating system if not known.
    private async Task<QmpMonitor?> FindAsync()
    {
        if (_monitor is { } known)
        {
            if (known.Process.IsAlive) return known;
            await known.Gone.ConfigureAwait(false);
            await VanishedAsync(known).ConfigureAwait(false);
        }

        if (!Directory.Exists(_files.Directory)) return null;
        var client = await QmpMonitor.TryConnectAsync(_files, _options, OnEvent, _stop.Token).ConfigureAwait(false);
        var process = client is null ? QemuLauncher.Running(_files) ?? FindSilent() : QemuProcess.Find(client.PeerProcessId);
        if (process is not null)
        {
            _label = _files.ReadLabel();
            return Keep(process, client);
        }

        if (client is not null) await client.DisposeAsync().ConfigureAwait(false);
        return null;
    }

    private QemuProcess? FindSilent() => QmpClient.ProcessBehind(_files.AgentMonitor) is { } id ? QemuProcess.Find(id) : null;

    private async Task<QmpMonitor> AttachToAsync(QemuProcess process) =>
        Keep(process, await QmpMonitor.TryConnectAsync(_files, _options, OnEvent, _stop.Token).ConfigureAwait(false));

    private QmpMonitor Keep(QemuProcess process, QmpClient? client)
    {
        var monitor = _monitor = new QmpMonitor(_files, process, client, _options, OnEvent);
        monitor.Reconnected = () => _work.Writer.TryWrite(CatchUpAsync);
        _ = TellWhenGoneAsync(monitor);
        return monitor;
    }

    private async Task TellWhenGoneAsync(QmpMonitor monitor)
    {
        await monitor.Gone.ConfigureAwait(false);
        if (monitor.DeathIsOrdered) return; // told as GuestDead
        _work.Writer.TryWrite(() => VanishedAsync(monitor));
    }

    private async Task VanishedAsync(QmpMonitor monitor)
    {
        if (!ReferenceEquals(_monitor, monitor)) return;
        var reason = $"process {monitor.Process.Id} is gone. {_files.LastWords()}".TrimEnd();
        var incoming = _loadedAt is null ? ReceivingFor : null;
        var told = _incomingFailed;
        await DetachAsync().ConfigureAwait(false);
        _files.RemoveAllButLogs();
        if (incoming is not { } migration) _sink.Post(new GuestVanished(Vm, reason));
        else if (!told) _sink.Post(new IncomingFailed(Vm, migration, reason));
    }

    private async Task DetachAsync()
    {
        if (_outgoing is { } outgoing)
        {
            await outgoing.Done.ConfigureAwait(false);
            outgoing.Dispose();
            _outgoing = null;
        }

        if (_monitor is { } monitor) await monitor.DisposeAsync().ConfigureAwait(false);
        _monitor = null;
        _label = null;
        _loadedAt = null;
        _listeningPort = null;
        _incomingFailed = false;
    }

    private void SetLabel(GuestLabel label)
    {
        _files.WriteLabel(label);
        _label = label;
    }

    private void OnEvent(QmpEvent happened)
    {
        if (happened.Name == "RESUME") _resumedAt = happened.At;
        _outgoing?.OnEvent(happened);
        if (happened.Name == "MIGRATION" && ReceivingFor is { } migration) HearIncoming(migration, happened.Text("status"));
    }
}
