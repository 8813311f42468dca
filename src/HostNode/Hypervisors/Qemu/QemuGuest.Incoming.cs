using System.Text.Json.Nodes;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>The destination's part: a stopped copy that receives. Nothing here lets it run.</summary>
internal sealed partial class QemuGuest
{
    private int? _listeningPort;
    private DateTimeOffset? _loadedAt;
    private bool _incomingFailed;

    private MigrationId? ReceivingFor => _label is { Role: GuestRole.Incoming } label ? label.Migration : null;

    private async Task PrepareAsync(PrepareIncoming command)
    {
        if (await FindAsync().ConfigureAwait(false) is { } present)
        {
            if (ReceivingFor != command.Migration) throw new QmpException("another copy of this guest is here");
            await TellIncomingAsync(present, command.Migration).ConfigureAwait(false);
            return;
        }

        _label = new GuestLabel(Vm, GuestRole.Incoming, command.Spec, command.Epoch, command.Migration);
        var process = await QemuLauncher.StartAsync(_files, _label, _options, _stop.Token).ConfigureAwait(false);
        await TellIncomingAsync(await AttachToAsync(process).ConfigureAwait(false), command.Migration).ConfigureAwait(false);
    }

    private async Task ListenAsync(QmpMonitor monitor)
    {
        await DoAsync(monitor, "migrate-set-capabilities", QmpArguments.Capabilities(throttled: false)).ConfigureAwait(false);
        await MigrationHold.AddNodeAsync(monitor, _options.CommandTimeout, _stop.Token).ConfigureAwait(false);
        await DoAsync(monitor, "migrate-incoming", new JsonObject { ["uri"] = QmpArguments.Uri(_options.AddressToListen, 0) }).ConfigureAwait(false);
    }

    private Task<MigrationStatus> MigrationAsync(QmpMonitor monitor) => monitor.QueryMigrationAsync(_options.CommandTimeout, _stop.Token);

    private async Task TellIncomingAsync(QmpMonitor monitor, MigrationId migration)
    {
        var status = await MigrationAsync(monitor).ConfigureAwait(false);
        if (status.State == "completed")
        {
            TellLoaded(migration);
            return;
        }

        // Not asked to listen yet, by this agent or one that died before it could.
        if (status is { State: "none", ListeningPort: null })
        {
            await ListenAsync(monitor).ConfigureAwait(false);
            status = await MigrationAsync(monitor).ConfigureAwait(false);
        }

        _listeningPort = status.ListeningPort ?? _listeningPort ?? throw new QmpException("QEMU does not listen for the migration");
        _sink.Post(new IncomingReady(Vm, migration, _listeningPort));
    }

    // Events are not replayed: what may have been missed while no connection stood is asked for.
    private async Task CatchUpAsync()
    {
        if (_monitor is not { } monitor || _loadedAt is not null || ReceivingFor is not { } migration) return;
        try
        {
            await TellIncomingAsync(monitor, migration).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException)
        {
            // The next connection asks again.
        }
    }

    // On the monitor's reading task.
    private void HearIncoming(MigrationId migration, string? status)
    {
        if (status == "completed") TellLoaded(migration);
        else if (status == "failed") _work.Writer.TryWrite(() => Do(() => TellIncomingFailed(migration)));
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
}
