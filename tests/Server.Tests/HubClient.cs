using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Coordinator.Shared.Units;

namespace Server.Tests;

/// <summary>The agent's end of the hub, made by hand: says exactly what a test wants.</summary>
internal sealed class HubClient : IDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly byte[] _buffer = new byte[2 * 1024 * 1024];

    public WebSocketCloseStatus? CloseStatus => _socket.CloseStatus;

    public string? CloseCode => _socket.CloseStatusDescription;

    public static async Task<HubClient> ConnectAsync(string address, PemCertificate certificate)
    {
        var client = new HubClient();
        using var invoker = new HttpMessageInvoker(Handler(certificate));
        await client._socket.ConnectAsync(new Uri(address), invoker, CancellationToken.None);
        return client;
    }

    public static async Task<HubClient> AdmittedAsync(string address, PemCertificate certificate, string host, long startCount = 1)
    {
        var client = await ConnectAsync(address, certificate);
        await client.SendAsync(Hello(host, startCount));
        Assert.IsType<HubWelcome>(await client.ReceiveAsync());
        return client;
    }

    public static HttpClient Http(Edge edge, PemCertificate certificate) => new(Handler(certificate));

    public static AgentHello Hello(string host, long startCount = 1, string journal = "journal-1", params SubjectMark[] seen) => new(
        HostId.Parse(host), journal, startCount, "boot-1", "0.1.0", new HostFacts(new ByteCount(1L << 30), 4, "127.0.0.1", 7445, ["native"], []), [], seen);

    public Task SendAsync(HubMessage message) => SendRawAsync(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.HubMessage), WebSocketMessageType.Text);

    public Task SendRawAsync(byte[] bytes, WebSocketMessageType type) => _socket.SendAsync(bytes, type, true, CancellationToken.None);

    /// <summary>The next message, or null when the hub closed (then the reason is known).</summary>
    public async Task<HubMessage?> ReceiveAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var length = 0;
        while (true)
        {
            var part = await _socket.ReceiveAsync(_buffer.AsMemory(length), patience.Token);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return JsonSerializer.Deserialize(_buffer.AsSpan(0, length), WireJson.Default.HubMessage);
        }
    }

    /// <summary>Waits for the hub to close; messages before that are passed over.</summary>
    public async Task<string?> ClosedAsync()
    {
        while (await ReceiveAsync() is not null)
        {
        }

        return CloseCode;
    }

    public void Dispose() => _socket.Dispose();

    private static SocketsHttpHandler Handler(PemCertificate certificate) => new()
    {
        SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [Usable(certificate)], RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
    };

    private static X509Certificate2 Usable(PemCertificate certificate) => certificate.Load();
}
