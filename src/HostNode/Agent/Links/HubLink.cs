using System.Net.WebSockets;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Security;
using HostNode.Agent.Loop;
using HostNode.Agent.Machine;

namespace HostNode.Agent.Links;

/// <summary>
/// The agent's one connection with a coordinator: hello, heartbeats, reports until acknowledged, samples, orders. Reconnects for ever, to
/// each address in turn, with jitter. Losing it costs a delay, never a fact.
/// </summary>
public sealed class HubLink(HubLinkOptions options, ReportQueue reports) : IDisposable
{
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(5);
    private readonly Reconnect _reconnect = new();
    private readonly OutgoingSamples _samples = new();
    private readonly SemaphoreSlim _wake = new(0, 1);

    /// <summary>Tells a coordinator until it is acknowledged. From any thread; never blocks.</summary>
    public void Send(string key, Report report)
    {
        reports.Put(key, report);
        Wake();
    }

    /// <summary>Tells a coordinator if there is one; the newest of a migration wins. From any thread; never blocks.</summary>
    public void Send(ProgressSample sample)
    {
        _samples.Put(sample);
        Wake();
    }

    /// <summary>Until cancelled, or refused for good.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        for (var next = 0; !stop.IsCancellationRequested; next++)
        {
            var coordinator = options.Coordinators[next % options.Coordinators.Count];
            try
            {
                var end = await ConnectAsync(coordinator, stop);
                if (end is LinkEnd.Refused { Refusal: var refusal })
                {
                    options.Log.Warn("hub.refused", refusal.Detail, ("code", refusal.Code), ("coordinator", coordinator));
                    if (HubRefusalCodes.IsFinal(refusal.Code))
                    {
                        options.Superseded(refusal);
                        return;
                    }
                }

                await Task.Delay(_reconnect.After(end), stop);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }

    /// <summary>After <see cref="RunAsync"/> has ended and nobody sends any more.</summary>
    public void Dispose() => _wake.Dispose();

    private async Task<LinkEnd> ConnectAsync(Uri coordinator, CancellationToken stop)
    {
        var refusal = "";
        using var socket = new ClientWebSocket();
        socket.Options.KeepAliveInterval = TimeSpan.FromSeconds(2);
        socket.Options.KeepAliveTimeout = TimeSpan.FromSeconds(5);
        try
        {
            var own = options.Credentials.Current();
            using var handler = new SocketsHttpHandler { ConnectTimeout = ConnectWithin, UseProxy = false };
            handler.SslOptions = Tls.Client(own, PeerRole.Coordinator, options.Clock, static _ => null, why => refusal = why);
            using var invoker = new HttpMessageInvoker(handler);
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(stop))
            {
                patience.CancelAfter(ConnectWithin);
                await socket.ConnectAsync(coordinator, invoker, patience.Token);
                await HubFrames.WriteAsync(socket, await options.Hello(), patience.Token);
            }

            return await ServeAsync(socket, coordinator, stop);
        }
        catch (Exception e) when (e is WebSocketException or IOException or HttpRequestException or FormatException or UnauthorizedAccessException
            or InvalidDataException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            options.Log.Warn("hub.unreachable", refusal.Length > 0 ? refusal : e is OperationCanceledException ? "no answer in time" : e.Message, ("coordinator", coordinator));
            return LinkEnd.Broken;
        }
    }

    private async Task<LinkEnd> ServeAsync(ClientWebSocket socket, Uri coordinator, CancellationToken stop)
    {
        var frames = new HubFrames(socket);
        HubWelcome welcome;
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(stop))
        {
            patience.CancelAfter(ConnectWithin);
            switch (await frames.ReadAsync(patience.Token))
            {
                case HubWelcome admitted: welcome = admitted; break;
                case HubRefusal refusal: return new LinkEnd.Refused(refusal);
                case var other: throw new InvalidDataException($"answered the hello with {other?.GetType().Name ?? "nothing"}");
            }
        }

        options.Log.Info("hub.linked", "admitted", ("coordinator", welcome.Coordinator), ("link", welcome.LinkNumber), ("contracts", ContractVersion.Of(welcome.Contracts)));
        reports.SendAllAgain();
        options.Post(new HubLinked(welcome.Restore));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var writing = WriteAsync(socket, ended.Token);
        var reading = ReadAsync(frames, ended.Token);
        var first = await Task.WhenAny(writing, reading);
        if (stop.IsCancellationRequested) await CloseAsync(socket);
        await ended.CancelAsync();
        var why = await Outcome(reading) ?? await Outcome(writing);
        options.Log.Info("hub.unlinked", why ?? (first == reading ? "closed by the coordinator" : "closed here"), ("coordinator", coordinator));
        return reading is { IsCompletedSuccessfully: true, Result: { } refused } ? new LinkEnd.Refused(refused) : LinkEnd.Served;
    }

    private async Task WriteAsync(ClientWebSocket socket, CancellationToken ended)
    {
        var heartbeat = new Heartbeat(options.Clock);
        while (true)
        {
            if (heartbeat.Due() is { } beat) await HubFrames.WriteAsync(socket, beat, ended);
            while (reports.TryNext(out var report))
            {
                var (kind, role) = (report.Report.GetType().Name, Kinds.RoleOf(report.Report));
                options.Failpoints.Hit("before-send", kind, role);
                await HubFrames.WriteAsync(socket, report, ended);
                options.Failpoints.Hit("after-send", kind, role);
            }

            foreach (var sample in _samples.Take()) await HubFrames.WriteAsync(socket, new AgentSample(sample), ended);
            await _wake.WaitAsync(TimeSpan.FromMilliseconds(200), ended);
        }
    }

    // Returns a refusal said after the welcome (the store learned better), or null when the coordinator closed.
    private async Task<HubRefusal?> ReadAsync(HubFrames frames, CancellationToken ended)
    {
        while (await frames.ReadAsync(ended) is { } message)
        {
            switch (message)
            {
                case HubOrder order:
                    options.Post(new OrderReceived(order.Order));
                    break;
                case HubAck ack:
                    reports.Acknowledge(ack.StartCount, ack.N);
                    Wake();
                    break;
                case HubRefusal refusal:
                    return refusal;
                case UnknownHubMessage unknown:
                    options.Log.Warn("hub.unknown", "passed over a message that only a newer agent knows: upgrade this one", ("message", unknown.What));
                    break;
                default:
                    options.Log.Warn("hub.unexpected", "a message that is not for agents", ("message", message.GetType().Name));
                    break;
            }
        }

        return null;
    }

    private static async Task CloseAsync(ClientWebSocket socket)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
        try
        {
            await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "agent stops", patience.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It ends with the process anyway.
        }
    }

    private static async Task<string?> Outcome(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        catch (Exception e) when (e is WebSocketException or IOException or InvalidDataException or JsonException or InvalidOperationException)
        {
            return e.Message;
        }
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }
}
