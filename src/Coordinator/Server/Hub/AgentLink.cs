using System.Net.WebSockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Hub;

/// <summary>One admitted connection of an agent: a reader, a writer, and the bounds of both.</summary>
internal sealed class AgentLink : IDisposable
{
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(1);

    private readonly WebSocket _socket;
    private readonly HubOptions _options;
    private readonly IHubEvents _events;
    private readonly TimeProvider _clock;
    private readonly Action<HostId, UnknownHubMessage> _unknown;
    private readonly OutboundQueue _outbound;
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _gate = new();
    private readonly HashSet<(long StartCount, long N)> _unacknowledged = [];
    private long _lastFrame;
    private bool _late;
    private volatile bool _open;
    private HubProtocolException? _why;

    public AgentLink(WebSocket socket, AgentHello hello, long number, HubOptions options, IHubEvents events, TimeProvider clock, Action<HostId, UnknownHubMessage> unknown)
    {
        _socket = socket;
        _options = options;
        _events = events;
        _clock = clock;
        _unknown = unknown;
        _outbound = new OutboundQueue(options.OutboundMax, clock);
        _lastFrame = clock.GetTimestamp();
        Hello = hello;
        Number = number;
    }

    public AgentHello Hello { get; }

    public HostId Host => Hello.Host;

    /// <summary>Grows with every link of this process; tells stale news from new.</summary>
    public long Number { get; }

    public double CpuLoad { get; private set; }

    public TimeSpan Silence => _clock.GetElapsedTime(Interlocked.Read(ref _lastFrame));

    /// <summary>The agent is admitted: it is welcomed, and only from here on told anything.</summary>
    public void Open(HubWelcome welcome)
    {
        _outbound.Offer(welcome);
        _open = true;
    }

    /// <summary>False when the agent is not admitted yet or the bounded queue is full; the message is not kept.</summary>
    public bool Send(HubMessage message)
    {
        if (!_open) return false;
        if (message is HubAck ack)
        {
            lock (_gate) _unacknowledged.Remove((ack.StartCount, ack.N));
        }

        return _outbound.Offer(message);
    }

    /// <summary>Serves the link until it ends; never throws for the other side's sake.</summary>
    public async Task RunAsync(FrameBuffer buffer, CancellationToken stopping)
    {
        using var abort = new CancellationTokenSource();
        await using var onStop = stopping.Register(() => Close(WebSocketCloseStatus.EndpointUnavailable, "stopping"));
        var writer = WriteThenCloseAsync(abort);
        try
        {
            while (await HubFrames.ReadAsync(_socket, buffer, abort.Token) is { } message) Handle(message);
        }
        catch (HubProtocolException e)
        {
            _why ??= e;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The link broke, or the other side did not answer our close.
        }

        Close(WebSocketCloseStatus.NormalClosure, "bye");
        await writer;
    }

    /// <summary>Ends the link with a code the agent can log; the first one given counts.</summary>
    public void Close(WebSocketCloseStatus status, string code)
    {
        _why ??= new HubProtocolException(status, code);
        try
        {
            _closing.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It had ended by itself.
        }
    }

    /// <summary>Called twice a second: late, on time again, gone, or a queue that stays full.</summary>
    public void Check()
    {
        var silence = Silence;
        if (silence >= _options.GoneAfter) Close(WebSocketCloseStatus.PolicyViolation, "heartbeat.missing");
        else if (silence >= _options.LateAfter && !_late) _events.Late(Host, Hello.StartCount, Number);
        else if (silence < _options.LateAfter && _late) _events.OnTime(Host, Hello.StartCount, Number);
        _late = silence >= _options.LateAfter;
        if (_outbound.FullFor >= _options.FullQueueFor) Close(WebSocketCloseStatus.PolicyViolation, "queue.full");
    }

    public void Dispose() => _closing.Dispose();

    private void Handle(HubMessage message)
    {
        Interlocked.Exchange(ref _lastFrame, _clock.GetTimestamp());
        switch (message)
        {
            case AgentHeartbeat heartbeat: CpuLoad = heartbeat.CpuLoad; break;
            case AgentReport report: Receive(report); break;
            case AgentSample sample: _events.SampleArrived(Host, sample.Sample); break;
            case UnknownHubMessage unknown: _unknown(Host, unknown); break;
            default: throw new HubProtocolException(WebSocketCloseStatus.PolicyViolation, "frame.unexpected");
        }
    }

    private void Receive(AgentReport report)
    {
        lock (_gate)
        {
            // A repeat of one that waits already takes no place of its own.
            if (!_unacknowledged.Contains((report.StartCount, report.N)))
            {
                if (_unacknowledged.Count >= _options.UnacknowledgedMax) throw new HubProtocolException(WebSocketCloseStatus.PolicyViolation, "reports.tooMany");
                _unacknowledged.Add((report.StartCount, report.N));
            }
        }

        _events.ReportArrived(Host, report);
    }

    // Says goodbye in order, then gives the other side a moment to answer: cancelling the reader at once would lose the code.
    private async Task WriteThenCloseAsync(CancellationTokenSource abort)
    {
        try
        {
            while (true)
            {
                var message = await _outbound.TakeAsync(_closing.Token);
                await HubFrames.WriteAsync(_socket, message, _closing.Token);
                _options.Sent?.Invoke(message);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or ObjectDisposedException)
        {
            // Either the link broke, which the reader sees too, or it is to be closed.
        }

        abort.CancelAfter(CloseWithin);
        if (_socket.State is not (WebSocketState.Open or WebSocketState.CloseReceived)) return;
        try
        {
            await _socket.CloseOutputAsync(_why?.Status ?? WebSocketCloseStatus.NormalClosure, _why?.Code ?? "bye", abort.Token);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // It was already gone.
        }
    }
}
