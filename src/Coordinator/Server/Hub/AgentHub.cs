using System.Collections.Concurrent;
using System.Net.WebSockets;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Coordinator.Server.Hub;

/// <summary>
/// Every agent's link to this node (design: rule 17). Heartbeats end here; reports go to <see cref="IHubEvents"/>; orders and
/// acknowledgements come in by <see cref="Send"/>. Losing a link or a message costs a delay and never an error.
/// </summary>
public sealed partial class AgentHub : IDisposable
{
    private static readonly TimeSpan CheckEvery = TimeSpan.FromMilliseconds(500);

    private readonly HubOptions _options;
    private readonly IHubEvents _events;
    private readonly TimeProvider _clock;
    private readonly ILogger<AgentHub> _log;
    private readonly ConcurrentDictionary<HostId, AgentLink> _links = new();
    private readonly HandshakeLimiter _handshakes;
    private readonly ITimer _checks;
    private readonly Lock _gate = new();
    private long _linkNumber;
    private long _unread;

    public AgentHub(HubOptions options, IHubEvents events, TimeProvider clock, ILogger<AgentHub> log)
    {
        _options = options;
        _events = events;
        _clock = clock;
        _log = log;
        _handshakes = new HandshakeLimiter(options.HandshakesPerSecond, clock);
        _checks = clock.CreateTimer(_ => Check(), null, CheckEvery, CheckEvery);
    }

    /// <summary>Hosts whose link stands now.</summary>
    public int Count => _links.Count;

    /// <summary>True if another handshake may begin now; if not, the agent tries again later.</summary>
    public bool TryAdmitHandshake() => _handshakes.TryTake();

    /// <summary>Messages of agents that only a newer coordinator knows, since the start.</summary>
    public long Unread => Interlocked.Read(ref _unread);

    /// <summary>Silence of the longest silent link; zero without links.</summary>
    public TimeSpan LongestSilence => _links.IsEmpty ? TimeSpan.Zero : _links.Values.Max(link => link.Silence);

    public bool IsConnected(HostId host) => _links.ContainsKey(host);

    /// <summary>
    /// Queues a message for a host: an order (the latest per subject is kept) or an acknowledgement. May be called from any thread.
    /// </summary>
    /// <returns>False if the host has no link here or its queue is full. The order is sent again later; nothing is lost.</returns>
    public bool Send(HostId host, HubMessage message) => _links.TryGetValue(host, out var link) && link.Send(message);

    /// <summary>Ends a host's link, if it has one here: the host is let in no more.</summary>
    public void Close(HostId host, string code)
    {
        if (_links.TryGetValue(host, out var link)) link.Close(WebSocketCloseStatus.PolicyViolation, code);
    }

    /// <summary>Serves one WebSocket whose certificate carries <paramref name="identity"/>, from hello to end.</summary>
    public async Task ServeAsync(WebSocket socket, HostId identity, CancellationToken stopping)
    {
        var buffer = new FrameBuffer(_options.FrameMax);
        var hello = await HelloAsync(socket, buffer, stopping);
        if (hello is null) return;
        if (hello.Host != identity)
        {
            await RefuseAsync(socket, HubRefusalCodes.IdentityMismatch, $"the certificate is host/{identity}, the hello says {hello.Host}", stopping);
            return;
        }

        if (Refusal(ContractVersion.Of(hello.Contracts)) is { } refusal)
        {
            LogRefused(hello.Host.Value, refusal.Code, refusal.Detail);
            await RefuseAsync(socket, refusal.Code, refusal.Detail, stopping);
            return;
        }

        var link = new AgentLink(socket, hello, Interlocked.Increment(ref _linkNumber), _options, _events, _clock, Unknown);
        using (link)
        {
            if (!TakePlace(link))
            {
                LogDuplicate(hello.Host.Value, hello.StartCount);
                _events.DuplicateSeen(hello.Host, hello.StartCount);
                await RefuseAsync(socket, HubRefusalCodes.DuplicateLink, "another link with the same journal and start count is alive; both are closed", stopping);
                return;
            }

            await ServeAdmittedAsync(link, socket, buffer, stopping);
        }
    }

    /// <summary>Ends every link: the process stops.</summary>
    public void CloseAll()
    {
        foreach (var link in _links.Values) link.Close(WebSocketCloseStatus.EndpointUnavailable, "stopping");
    }

    public void Dispose() => _checks.Dispose();

    private async Task ServeAdmittedAsync(AgentLink link, WebSocket socket, FrameBuffer buffer, CancellationToken stopping)
    {
        try
        {
            var admission = await _events.AdmitAsync(link.Hello, link.Number, stopping);
            if (admission is Admission.RefusedAdmission refused)
            {
                LogRefused(link.Host.Value, refused.Code, refused.Detail);
                await RefuseAsync(socket, refused.Code, refused.Detail, stopping);
                return;
            }

            link.Open(new HubWelcome(_options.Node, link.Number, (admission as Admission.Admitted)?.Restore, ContractVersion.Current.ToString()));
            LogConnected(link.Host.Value, link.Hello.StartCount, link.Number);
            _events.Linked(link.Hello, link.Number);
            await link.RunAsync(buffer, stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // Ended while being admitted.
        }
        finally
        {
            // Only if the place is still ours: a newer link may have taken it.
            _links.TryRemove(new KeyValuePair<HostId, AgentLink>(link.Host, link));
            _events.Disconnected(link.Host, link.Hello.StartCount, link.Number);
            LogDisconnected(link.Host.Value, link.Hello.StartCount, link.Number);
        }
    }

    // Neighbouring minor versions pass over what they do not know of each other.
    private static HubRefusal? Refusal(ContractVersion agent)
    {
        var own = ContractVersion.Current;
        if (agent.Major == own.Major) return null;
        return agent < own
            ? new HubRefusal(HubRefusalCodes.ContractsTooOld, $"the agent speaks contracts {agent}, this coordinator {own}: upgrade the agent")
            : new HubRefusal(HubRefusalCodes.ContractsTooNew, $"the agent speaks contracts {agent}, this coordinator {own}: upgrade the coordinator");
    }

    private async Task<AgentHello?> HelloAsync(WebSocket socket, FrameBuffer buffer, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(_options.HelloWithin);
        try
        {
            if (await HubFrames.ReadAsync(socket, buffer, patience.Token) is AgentHello hello) return hello;
            await RefuseAsync(socket, HubRefusalCodes.BadHello, "the first frame must be an AgentHello", stopping);
        }
        catch (HubProtocolException e)
        {
            await RefuseAsync(socket, HubRefusalCodes.BadHello, e.Code, stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException or IOException)
        {
            // Nothing was said in time: the socket is aborted, there is nobody to answer.
        }

        return null;
    }

    // The newer start of an agent replaces the older one; the same start twice, with the other link alive, is two agents on one identity.
    private bool TakePlace(AgentLink link)
    {
        lock (_gate)
        {
            if (_links.TryGetValue(link.Host, out var other))
            {
                var same = other.Hello.StartCount == link.Hello.StartCount;
                other.Close(WebSocketCloseStatus.PolicyViolation, same ? HubRefusalCodes.DuplicateLink : "replaced");
                if (same && other.Silence < _options.LateAfter) return false;
            }

            _links[link.Host] = link;
            return true;
        }
    }

    private static async Task RefuseAsync(WebSocket socket, string code, string detail, CancellationToken cancellation)
    {
        try
        {
            await HubFrames.WriteAsync(socket, new HubRefusal(code, detail), cancellation);
            await socket.CloseOutputAsync(WebSocketCloseStatus.PolicyViolation, code, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The agent is gone already; it will hear the same next time.
        }
    }

    private void Unknown(HostId host, UnknownHubMessage message)
    {
        Interlocked.Increment(ref _unread);
        LogUnknown(host.Value, message.What);
    }

    private void Check()
    {
        foreach (var link in _links.Values) link.Check();
    }

    [LoggerMessage(2001, LogLevel.Information, "host {Host} connected: start {StartCount}, link {Link}")]
    private partial void LogConnected(string host, long startCount, long link);

    [LoggerMessage(2002, LogLevel.Information, "host {Host} disconnected: start {StartCount}, link {Link}")]
    private partial void LogDisconnected(string host, long startCount, long link);

    [LoggerMessage(2003, LogLevel.Warning, "host {Host} refused: {Code}: {Detail}")]
    private partial void LogRefused(string host, string code, string detail);

    [LoggerMessage(2005, LogLevel.Warning, "host {Host}: passed over a message that only a newer coordinator knows: {What}")]
    private partial void LogUnknown(string host, string what);

    [LoggerMessage(2004, LogLevel.Error, "host {Host}: two live links with start {StartCount}; both are closed, look which machine is the wrong one")]
    private partial void LogDuplicate(string host, long startCount);
}
