using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Coordinator.Shared.Identity;

namespace HostNode.Hypervisors.Qemu;

/// <summary>One VM on this host: carries out its commands one after the other and tells what becomes of its process.</summary>
internal sealed partial class QemuGuest : IAsyncDisposable
{
    private readonly GuestFiles _files;
    private readonly QemuOptions _options;
    private readonly IHypervisorSink _sink;
    private readonly Channel<Func<Task>> _work = Channel.CreateUnbounded<Func<Task>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _working;

    public QemuGuest(VmId vm, QemuOptions options, IHypervisorSink sink)
    {
        _files = new GuestFiles(options.RunDirectory, vm);
        _options = options;
        _sink = sink;
        _working = WorkAsync();
    }

    private VmId Vm => _files.Vm;

    private QmpMonitor Monitor => _monitor ?? throw new QmpException("there is no process of this guest");

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

    /// <summary>QEMU's run state, asked outside the order of commands; <c>absent</c> without a process, <c>silent</c> without an answer.</summary>
    public async Task<string> AskRunStateAsync()
    {
        if (_monitor is not { Process.IsAlive: true } monitor) return "absent";
        try
        {
            return await monitor.QueryRunStateAsync(_options.Qmp.Greeting, _stop.Token).ConfigureAwait(false);
        }
        catch (Exception failure) when (failure is QmpException or TimeoutException)
        {
            return "silent";
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
        catch (Exception failure) when (!_stop.IsCancellationRequested)
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

    /// <summary>An ordinary command where QEMU's main loop is known to run.</summary>
    private Task<JsonElement> DoAsync(QmpMonitor monitor, string command, JsonObject? arguments = null) =>
        monitor.ExecuteAsync(command, arguments, _options.CommandTimeout, stop: _stop.Token);

    private Task<string> RunStateAsync(QmpMonitor monitor) => monitor.QueryRunStateAsync(_options.CommandTimeout, _stop.Token);

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
