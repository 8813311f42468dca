using System.Collections.Concurrent;
using System.Net;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Agent.Tests.Security;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Agent.Tests.Process;

/// <summary>A coordinator's end of the agents' links, with real TLS: takes hellos, acknowledges reports, sends what a test says.</summary>
internal sealed class TestHub : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly ConcurrentDictionary<HostId, (WebSocket Socket, SemaphoreSlim Gate)> _links = new();
    private readonly X509Certificate2 _certificate;

    private TestHub(WebApplication application, X509Certificate2 certificate)
    {
        _application = application;
        _certificate = certificate;
    }

    public Uri Address { get; private set; } = new("wss://unknown");

    /// <summary>Called for each report, on the link's task; true acknowledges it.</summary>
    public Func<HostId, AgentReport, bool> Reported { get; set; } = (_, _) => true;

    public Func<AgentHello, HubMessage> Welcome { get; set; } = _ => new HubWelcome("test", 1);

    public ConcurrentQueue<AgentHello> Hellos { get; } = new();

    public ConcurrentQueue<HubMessage> Others { get; } = new();

    public static async Task<TestHub> StartAsync(X509Certificate2 certificate)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(https =>
        {
            https.ServerCertificate = certificate;
            https.SslProtocols = SslProtocols.Tls13;
            https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
            https.ClientCertificateValidation = (_, _, _) => true;
        })));
        var application = builder.Build();
        var hub = new TestHub(application, certificate);
        application.UseWebSockets();
        application.Run(hub.ServeAsync);
        await application.StartAsync();
        var address = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        hub.Address = new Uri(address.Replace("https", "wss", StringComparison.Ordinal) + "/hub");
        return hub;
    }

    public bool IsLinked(HostId host) => _links.ContainsKey(host);

    /// <summary>Sends if the host is linked; losing it is allowed.</summary>
    public async Task SendAsync(HostId host, HubMessage message)
    {
        if (!_links.TryGetValue(host, out var link)) return;
        await link.Gate.WaitAsync();
        try
        {
            var bytes = JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.HubMessage);
            await link.Socket.SendAsync(bytes, WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or IOException or OperationCanceledException)
        {
            // The agent was killed: the next link gets it again.
        }
        finally
        {
            link.Gate.Release();
        }
    }

    /// <summary>Breaks the host's link without a word.</summary>
    public void Cut(HostId host)
    {
        if (_links.TryGetValue(host, out var link)) link.Socket.Abort();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var link in _links.Values) link.Socket.Abort();
        await _application.DisposeAsync();
        _certificate.Dispose();
    }

    private async Task ServeAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        if (await ReadAsync(socket) is not AgentHello hello) return;
        Assert.Equal(hello.Host, PeerIdentity.Of(context.Connection.ClientCertificate!)?.Host);
        Hellos.Enqueue(hello);
        var link = (socket, new SemaphoreSlim(1));
        var answer = Welcome(hello);
        await socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(answer, WireJson.Default.HubMessage), WebSocketMessageType.Text, true, CancellationToken.None);
        if (answer is not HubWelcome) return;
        _links[hello.Host] = link;
        try
        {
            while (await ReadAsync(socket) is { } message)
            {
                if (message is not AgentReport report) Others.Enqueue(message);
                else if (Reported(hello.Host, report)) await SendAsync(hello.Host, new HubAck(report.StartCount, report.N));
            }
        }
        finally
        {
            _links.TryRemove(KeyValuePair.Create(hello.Host, link));
        }
    }

    private static async Task<HubMessage?> ReadAsync(WebSocket socket)
    {
        var buffer = new byte[1024 * 1024];
        var length = 0;
        try
        {
            while (true)
            {
                var part = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
                if (part.MessageType == WebSocketMessageType.Close) return null;
                length += part.Count;
                if (part.EndOfMessage) return JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.HubMessage);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            return null;
        }
    }
}
