using System.Text.Json.Nodes;
using System.Threading.Channels;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>One VM on this host: carries out its commands one after the other and tells what becomes of its process.</summary>
internal sealed class QemuGuest : IAsyncDisposable
{
    // A shorter pause needs no second announcement: QEMU's own, and the guest's, are still under way or just out.
    private static readonly TimeSpan AnnounceAgainAfter = TimeSpan.FromSeconds(1);

    private readonly GuestFiles _files;
    private readonly QemuOptions _options;
    private readonly IHypervisorSink _sink;
    private readonly Channel<Func<Task>> _work = Channel.CreateUnbounded<Func<Task>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;
    private QmpMonitor? _monitor;
    private OutgoingMigration? _outgoing;
    private GuestLabel? _label;
    private int? _listeningPort;
    private DateTimeOffset? _loadedAt;
    private DateTimeOffset? _resumedAt;
    private bool _incomingFailed;

    public QemuGuest(VmId vm, QemuOptions options, IHypervisorSink sink)
    {
        _files = new GuestFiles(options.RunDirectory, vm);
        _options = options;
        _sink = sink;
        _working = WorkAsync();
    }

    private VmId Vm => _files.Vm;

    public void Post(HypervisorCommand command) => _work.Writer.TryWrite(() => CarryOutAsync(command));

    /// <summary>Attaches to a process that lives already and says what it is; null if there is none.</summary>
    public Task<DiscoveredGuest?> AttachAsync()
    {
        var answer = new TaskCompletionSource<DiscoveredGuest?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Writer.TryWrite(async () =>
        {
            try
            {
                answer.SetResult(await DescribeAsync().ConfigureAwait(false));
            }
            catch (Exception failure)
            {
                answer.SetException(failure);
            }
        });
        return answer.Task;
    }

    /// <summary>Asks the guest's monitor something, outside the order of commands; null if it has no process or gives no answer.</summary>
    public async Task<T?> AskAsync<T>(Func<QmpMonitor, Task<T>> question) where T : class
    {
        if (_monitor is not { } monitor) return null;
        try
        {
            return await question(monitor).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _work.Writer.TryComplete();
        await _stop.CancelAsync().ConfigureAwait(false);
        await _working.ConfigureAwait(false);
        if (_outgoing is { } outgoing)
        {
            await outgoing.Done.ConfigureAwait(false);
            outgoing.Dispose();
        }

        if (_monitor is { } monitor) await monitor.DisposeAsync().ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task WorkAsync()
    {
        try
        {
            await foreach (var work in _work.Reader.ReadAllAsync(_stop.Token).ConfigureAwait(false)) await work().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The driver ends; the guest does not.
        }
    }

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
            if (found.State == GuestRunState.Running && _label is { Role: GuestRole.Incoming } arrived) SetLabel(arrived with { Role = GuestRole.Resident, Migration = null });
            return found;
        }
        catch (Exception silent) when (silent is QmpException or TimeoutException)
        {
            // Its process lives but its main loop does not answer: it is sending its last state. Nothing may be read into that.
            var state = _label?.Role == GuestRole.Incoming ? GuestRunState.Incoming : GuestRunState.Paused;
            return monitor.Process.IsAlive ? new DiscoveredGuest(Vm, _label?.Spec, state, _label?.Migration, null) : null;
        }
    }

    private async Task CarryOutAsync(HypervisorCommand command)
    {
        try
        {
            await (command switch
            {
                StartGuest start => StartAsync(start),
                RunGuest => RunAsync(),
                DestroyGuest => DestroyAsync(),
                PrepareIncoming prepare => PrepareAsync(prepare),
                StartOutgoing start => StartOutgoingAsync(start),
                UpdateOutgoing update => Do(() => OutgoingOf(update.Plan.Migration)?.Update(update.Plan)),
                StopAndCopy now => StopAndCopyAsync(now),
                AbortOutgoing abort => AbortOutgoingAsync(abort),
                VerifyGuest verify => VerifyAsync(verify),
                _ => throw new NotSupportedException(command.GetType().Name),
            }).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException or IOException or UnauthorizedAccessException or ArgumentException or System.ComponentModel.Win32Exception)
        {
            TellFailed(command, failure.Message);
        }
    }

    private void TellFailed(HypervisorCommand command, string reason)
    {
        if (command is PrepareIncoming prepare) _sink.Post(new IncomingFailed(Vm, prepare.Migration, reason));
        else if (command is VerifyGuest verify) _sink.Post(new GuestVerified(Vm, verify.Migration, false, reason));
        else if (command is StartOutgoing start) _sink.Post(new OutgoingFailed(Vm, start.Plan.Migration, reason, GuestRuns: false));
        else _sink.Post(new GuestFailed(Vm, reason));
    }

    private async Task StartAsync(StartGuest command)
    {
        var monitor = await FindAsync().ConfigureAwait(false);
        if (monitor is not null && _label is { Role: GuestRole.Incoming }) throw new QmpException("an incoming copy of this guest is here");
        if (monitor is null)
        {
            var process = await QemuLauncher.StartAsync(_files, command.Spec, _options, incoming: false, _stop.Token).ConfigureAwait(false);
            SetLabel(new GuestLabel(Vm, GuestRole.Resident, command.Spec, command.Epoch));
            monitor = await AttachToAsync(process).ConfigureAwait(false);
        }

        await ContinueAsync(monitor).ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var monitor = _monitor ?? throw new QmpException("there is no process of this guest");
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
            await MigrationHold.RemoveAsync(monitor, _stop.Token).ConfigureAwait(false);
        }

        var loaded = _loadedAt;
        _loadedAt = null;
        if (loaded is { } at && _options.Time.GetUtcNow() - at > AnnounceAgainAfter)
        {
            await monitor.ExecuteAsync("announce-self", QmpArguments.Announce(), _options.CommandTimeout, stop: _stop.Token).ConfigureAwait(false);
        }
    }

    private async Task ContinueAsync(QmpMonitor monitor)
    {
        var state = await monitor.QueryRunStateAsync(_options.CommandTimeout, _stop.Token).ConfigureAwait(false);
        // While it receives, "cont" would be taken as "start by yourself once loaded".
        if (state == "inmigrate") throw new QmpException("the guest is not complete: it still receives");
        if (state != "running")
        {
            _resumedAt = null;
            await monitor.ExecuteAsync("cont", timeout: _options.CommandTimeout, stop: _stop.Token).ConfigureAwait(false);
            state = await monitor.QueryRunStateAsync(_options.CommandTimeout, _stop.Token).ConfigureAwait(false);
            if (state != "running") throw new QmpException($"after the run command the guest is {state}");
        }

        _sink.Post(new GuestRunning(Vm, _resumedAt ?? _options.Time.GetUtcNow()));
    }

    private async Task PrepareAsync(PrepareIncoming command)
    {
        if (await FindAsync().ConfigureAwait(false) is { } present)
        {
            if (_label is not { Role: GuestRole.Incoming } label || label.Migration != command.Migration) throw new QmpException("another copy of this guest is here");
            await TellIncomingAsync(present, command.Migration).ConfigureAwait(false);
            return;
        }

        var process = await QemuLauncher.StartAsync(_files, command.Spec, _options, incoming: true, _stop.Token).ConfigureAwait(false);
        SetLabel(new GuestLabel(Vm, GuestRole.Incoming, command.Spec, command.Epoch, command.Migration));
        var monitor = await AttachToAsync(process).ConfigureAwait(false);
        await monitor.ExecuteAsync("migrate-set-capabilities", QmpArguments.Capabilities(("events", true), ("return-path", true), ("pause-before-switchover", true), ("dirty-bitmaps", true)), _options.CommandTimeout, stop: _stop.Token).ConfigureAwait(false);
        await MigrationHold.AddNodeAsync(monitor, _stop.Token).ConfigureAwait(false);
        var address = _options.AddressToListen.Contains(':', StringComparison.Ordinal) ? $"[{_options.AddressToListen}]" : _options.AddressToListen;
        await monitor.ExecuteAsync("migrate-incoming", new JsonObject { ["uri"] = $"tcp:{address}:0" }, _options.CommandTimeout, stop: _stop.Token).ConfigureAwait(false);
        await TellIncomingAsync(monitor, command.Migration).ConfigureAwait(false);
    }

    private async Task TellIncomingAsync(QmpMonitor monitor, MigrationId migration)
    {
        var status = await monitor.QueryMigrationAsync(_options.CommandTimeout, _stop.Token).ConfigureAwait(false);
        if (status.State == "completed")
        {
            TellLoaded(migration);
            return;
        }

        _listeningPort = status.ListeningPort ?? _listeningPort ?? throw new QmpException("QEMU does not listen for the migration");
        _sink.Post(new IncomingReady(Vm, migration, _listeningPort));
    }

    private async Task StartOutgoingAsync(StartOutgoing command)
    {
        if (OutgoingOf(command.Plan.Migration) is { } running)
        {
            running.Update(command.Plan);
            return;
        }

        (await BeginOutgoingAsync(command.Plan.Migration).ConfigureAwait(false)).Start(command.Plan, _stop.Token);
    }

    private async Task StopAndCopyAsync(StopAndCopy command)
    {
        if (OutgoingOf(command.Migration) is { } running) running.StopAndCopy();
        else if (_monitor is not null)
        {
            var outgoing = await BeginOutgoingAsync(command.Migration).ConfigureAwait(false);
            outgoing.StopAndCopy();
            outgoing.Start(null, _stop.Token);
        }
        else _sink.Post(new OutgoingFailed(Vm, command.Migration, "there is no process of this guest", GuestRuns: false));
    }

    private async Task AbortOutgoingAsync(AbortOutgoing command)
    {
        const string reason = "aborted on order";
        if (OutgoingOf(command.Migration) is { } running)
        {
            running.Abort(reason, _stop.Token);
            return;
        }

        if (_monitor is null)
        {
            _sink.Post(new OutgoingFailed(Vm, command.Migration, "there is no process of this guest", GuestRuns: false));
            return;
        }

        var outgoing = await BeginOutgoingAsync(command.Migration).ConfigureAwait(false);
        outgoing.Abort(reason, _stop.Token);
        outgoing.Start(null, _stop.Token);
    }

    private async Task VerifyAsync(VerifyGuest command)
    {
        var monitor = _monitor ?? throw new QmpException("there is no process of this guest");
        var state = await monitor.QueryRunStateAsync(_options.CommandTimeout, _stop.Token).ConfigureAwait(false);
        await monitor.ExecuteAsync("announce-self", QmpArguments.Announce(), _options.CommandTimeout, stop: _stop.Token).ConfigureAwait(false);
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

    private OutgoingMigration? OutgoingOf(MigrationId migration) =>
        _outgoing is { } outgoing && outgoing.Migration == migration && !outgoing.Done.IsCompleted ? outgoing : null;

    private async Task<OutgoingMigration> BeginOutgoingAsync(MigrationId migration)
    {
        var monitor = await FindAsync().ConfigureAwait(false) ?? throw new QmpException("there is no process of this guest");
        if (_outgoing is { } earlier)
        {
            // One that was given up may not have ended yet.
            await earlier.Done.WaitAsync(_options.CommandTimeout, _options.Time, _stop.Token).ConfigureAwait(false);
            earlier.Dispose();
            _outgoing = null;
        }

        return _outgoing = new OutgoingMigration(Vm, migration, monitor, _files, _options, _sink);
    }

    // The monitor of a live process, found in the operating system if not known.
    private async Task<QmpMonitor?> FindAsync()
    {
        if (_monitor is { } known)
        {
            if (known.Process.IsAlive) return known;
            await known.Gone.ConfigureAwait(false);
            await DetachAsync().ConfigureAwait(false);
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
        var incoming = _label is { Role: GuestRole.Incoming } && _loadedAt is null ? _label.Migration : null;
        var told = _incomingFailed;
        await DetachAsync().ConfigureAwait(false);
        _files.RemoveAllButLogs();
        if (incoming is not { } migration) _sink.Post(new GuestVanished(Vm, reason));
        else if (!told) _sink.Post(new IncomingFailed(Vm, migration, reason));
    }

    // Events are not replayed: what may have been missed while no connection stood is asked for.
    private async Task CatchUpAsync()
    {
        if (_monitor is not { } monitor || _loadedAt is not null || _label is not { Role: GuestRole.Incoming, Migration: { } migration }) return;
        try
        {
            await TellIncomingAsync(monitor, migration).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException)
        {
            // The next connection asks again.
        }
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
        if (_label is { Role: GuestRole.Incoming, Migration: { } migration } && happened.Name == "MIGRATION")
        {
            if (happened.Text("status") == "completed") TellLoaded(migration);
            else if (happened.Text("status") == "failed") _work.Writer.TryWrite(() => Do(() => TellIncomingFailed(migration)));
        }
    }

    private void TellLoaded(MigrationId migration)
    {
        _loadedAt ??= _options.Time.GetUtcNow();
        _sink.Post(new IncomingLoaded(Vm, migration, TransferName.Of(Vm, migration)));
    }

    private void TellIncomingFailed(MigrationId migration)
    {
        if (_incomingFailed || _label?.Migration != migration) return;
        _incomingFailed = true;
        _sink.Post(new IncomingFailed(Vm, migration, "QEMU says the incoming migration failed"));
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
