using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>The source's part: hands the commands to the one migration under way, or takes up what is found.</summary>
internal sealed partial class QemuGuest
{
    private OutgoingMigration? _outgoing;

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
}
