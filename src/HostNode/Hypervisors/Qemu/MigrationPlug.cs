namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Ends a migration in whatever phase it is. Out-of-band <c>yank</c> ends what is being sent: the only thing that works in the device phase.
/// <c>migrate_cancel</c> ends what waits: the only thing that works in pre-switchover; it is answered when QEMU gets to it. Neither undoes a
/// completed migration, so pulling again is harmless; what came of it is the migration's final state, never an answer or its absence.
/// </summary>
internal sealed class MigrationPlug(QmpMonitor monitor, QemuOptions options)
{
    private static readonly TimeSpan AgainAfter = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private DateTimeOffset _pulledAt;
    private Task _yank = Task.CompletedTask;
    private Task _cancel = Task.CompletedTask;

    /// <summary>Returns at once.</summary>
    public void Pull(CancellationToken stop)
    {
        lock (_lock)
        {
            _pulledAt = options.Time.GetUtcNow();
            // One of each at a time: while QEMU's main loop stands still they would pile up.
            if (_yank.IsCompleted) _yank = TryAsync(YankAsync(stop));
            if (_cancel.IsCompleted) _cancel = TryAsync(monitor.ExecuteAsync("migrate_cancel", stop: stop));
        }
    }

    /// <summary>Once more if the last time is a while ago: the first may have come before there was anything to end.</summary>
    public void PullAgain(CancellationToken stop)
    {
        if (options.Time.GetUtcNow() - _pulledAt > AgainAfter) Pull(stop);
    }

    private Task YankAsync(CancellationToken stop) =>
        monitor.ExecuteAsync("yank", QmpArguments.YankMigration(), options.CommandTimeout, outOfBand: true, stop);

    private static async Task TryAsync(Task command)
    {
        try
        {
            await command.ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException or OperationCanceledException)
        {
            // Nothing there to be ended, or no answer: the final state tells.
        }
    }
}
