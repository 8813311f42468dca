using System.Text.Json;
using System.Text.Json.Nodes;

namespace HostNode.Hypervisors.Qemu;

/// <summary>
/// Control over one QEMU for as long as its process lives: connects to one of its monitors, again whenever the connection ends. Only the
/// death of the process, seen in the operating system, ends it. A silent monitor is not death.
/// </summary>
internal sealed class QmpMonitor : IAsyncDisposable
{
    private static readonly TimeSpan RetryFirst = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan RetryMost = TimeSpan.FromSeconds(1);

    private readonly GuestFiles _files;
    private readonly QemuOptions _options;
    private readonly Action<QmpEvent> _onEvent;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _keeping;
    private TaskCompletionSource<QmpClient> _client = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="first">A connection that stands already, or null.</param>
    public QmpMonitor(GuestFiles files, QemuProcess process, QmpClient? first, QemuOptions options, Action<QmpEvent> onEvent)
    {
        _files = files;
        _options = options;
        _onEvent = onEvent;
        Process = process;
        if (first is not null) _client.SetResult(first);
        _keeping = KeepAsync(first);
    }

    public QemuProcess Process { get; }

    /// <summary>Somebody kills it on order, so its end is no news.</summary>
    public volatile bool DeathIsOrdered;

    /// <summary>Called when a connection stands again after one had ended: events in between were missed.</summary>
    public Action? Reconnected { get; set; }

    /// <summary>Ends when the process is seen dead. Never faults; never ends after <see cref="DisposeAsync"/>.</summary>
    public Task Gone => _gone.Task;

    /// <summary>Runs a command on the present connection, or on the next one.</summary>
    /// <param name="timeout">Null waits as long as the process lives.</param>
    /// <exception cref="QmpCommandException">QEMU refused it.</exception>
    /// <exception cref="QmpException">The connection or the process ended first.</exception>
    /// <exception cref="TimeoutException">No answer, or no connection, in time.</exception>
    public async Task<JsonElement> ExecuteAsync(
        string command, JsonObject? arguments = null, TimeSpan? timeout = null, bool outOfBand = false, CancellationToken stop = default)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop, _stop.Token);
        try
        {
            var client = await Present().WaitAsync(timeout ?? Timeout.InfiniteTimeSpan, _options.Time, ends.Token).ConfigureAwait(false);
            return outOfBand
                ? await client.ExecuteOutOfBandAsync(command, arguments, timeout, ends.Token).ConfigureAwait(false)
                : await client.ExecuteAsync(command, arguments, timeout, ends.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            throw new QmpException(command + ": " + (Gone.IsCompleted ? "the process is gone" : "given up"));
        }
    }

    public async Task<MigrationStatus> QueryMigrationAsync(TimeSpan? timeout = null, CancellationToken stop = default) =>
        MigrationStatus.Parse(await ExecuteAsync("query-migrate", timeout: timeout, stop: stop).ConfigureAwait(false));

    /// <summary>QEMU's run state, for example <c>running</c> or <c>postmigrate</c>.</summary>
    public async Task<string> QueryRunStateAsync(TimeSpan? timeout = null, CancellationToken stop = default)
    {
        var answer = await ExecuteAsync("query-status", timeout: timeout, stop: stop).ConfigureAwait(false);
        return answer.Text("status") ?? "unknown";
    }

    /// <summary>Asks until it is answered, over as many connections as it takes. Only for what may be done twice.</summary>
    /// <exception cref="QmpException">The process is gone, or QEMU refused.</exception>
    public async Task<T> InsistAsync<T>(Func<Task<T>> ask, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                return await ask().ConfigureAwait(false);
            }
            catch (QmpException failure) when (failure is not QmpCommandException && !Gone.IsCompleted && !stop.IsCancellationRequested)
            {
                await Task.Delay(RetryFirst, _options.Time, stop).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Tries both monitors once. Null if neither greets.</summary>
    public static async Task<QmpClient?> TryConnectAsync(GuestFiles files, QemuOptions options, Action<QmpEvent> onEvent, CancellationToken stop)
    {
        foreach (var path in (string[])[files.AgentMonitor, files.RescueMonitor])
        {
            try
            {
                return await QmpClient.ConnectAsync(path, onEvent, options.Qmp, options.Time, stop).ConfigureAwait(false);
            }
            catch (QmpException)
            {
                // The other one may be free.
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _keeping.ConfigureAwait(false);
    }

    private Task<QmpClient> Present()
    {
        lock (_stop) return _client.Task;
    }

    private async Task KeepAsync(QmpClient? client)
    {
        var retry = RetryFirst;
        try
        {
            while (true)
            {
                if (client is not null)
                {
                    retry = RetryFirst;
                    await client.Closed.WaitAsync(_stop.Token).ConfigureAwait(false);
                    lock (_stop) _client = new TaskCompletionSource<QmpClient>(TaskCreationOptions.RunContinuationsAsynchronously);
                    await client.DisposeAsync().ConfigureAwait(false);
                    client = null;
                }

                if (!Process.IsAlive) break;
                client = await TryConnectAsync(_files, _options, _onEvent, _stop.Token).ConfigureAwait(false);
                if (client is not null)
                {
                    Present(client);
                    Reconnected?.Invoke();
                    continue;
                }

                await Task.Delay(retry, _options.Time, _stop.Token).ConfigureAwait(false);
                retry = retry * 2 < RetryMost ? retry * 2 : RetryMost;
            }

            _gone.SetResult();
            await _stop.CancelAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (client is not null) await client.DisposeAsync().ConfigureAwait(false);
        }
    }

    private void Present(QmpClient client)
    {
        lock (_stop) _client.TrySetResult(client);
    }
}
