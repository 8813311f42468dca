using System.Collections.Concurrent;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Units;

namespace Coordinator.Bench.Cluster;

/// <summary>
/// One host of a fleet. Like the agent: goes to another coordinator when its link breaks (100 ms to 5 s, by chance), drops orders with a lower number, repeats
/// its answer to equal ones, says what was not acknowledged again, at most 64 reports at a time.
/// </summary>
public sealed class WireAgent(AgentFleet fleet, HostId host, X509Certificate2 certificate, IReadOnlyList<Uri> hubs) : IDisposable
{
    private const int UnacknowledgedMax = 64;
    private static readonly TimeSpan SayAgainAfter = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, long> highest = new();
    private readonly SortedDictionary<long, (Report Report, DateTime SaidAt)> unacknowledged = [];
    private readonly byte[] buffer = new byte[16 * 1024];
    private Channel<HubMessage>? outgoing;
    private long number;

    public HostId Host => host;

    public bool IsConnected => outgoing is not null;

    /// <summary>Which of the hubs it is connected to, or was last.</summary>
    public int Hub { get; private set; } = Random.Shared.Next(hubs.Count);

    public void Dispose() => certificate.Dispose();

    internal async Task RunAsync()
    {
        for (var failures = 0; !fleet.Stopping.IsCancellationRequested; failures++)
        {
            if (await ServedAsync()) failures = 0;
            Hub = (Hub + 1) % hubs.Count;
            var pause = Math.Min(5_000, 100 << Math.Min(failures, 10));
            try
            {
                await Task.Delay((pause / 2) + Random.Shared.Next(pause / 2), fleet.Stopping);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <summary>Once a second: a heartbeat, and what was not acknowledged for long is said again.</summary>
    internal void Beat()
    {
        outgoing?.Writer.TryWrite(new AgentHeartbeat(0.5));
        lock (unacknowledged) SayAgain(DateTime.UtcNow - SayAgainAfter);
    }

    internal void Say(Report report)
    {
        lock (unacknowledged)
        {
            unacknowledged[++number] = (report, DateTime.MinValue);
            SayAgain(DateTime.UtcNow - SayAgainAfter);
        }
    }

    private void SayAgain(DateTime before)
    {
        if (outgoing is not { } link) return;
        foreach (var (n, (report, said)) in unacknowledged.Take(UnacknowledgedMax).ToList())
        {
            if (said > before) continue;
            unacknowledged[n] = (report, DateTime.UtcNow);
            link.Writer.TryWrite(new AgentReport(1, n, report));
        }
    }

    // True if it was admitted.
    private async Task<bool> ServedAsync()
    {
        using var socket = new ClientWebSocket();
        using var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [certificate], RemoteCertificateValidationCallback = (_, shown, _, _) => shown is not null },
        };
        using var invoker = new HttpMessageInvoker(handler);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(fleet.Stopping);
        try
        {
            using (var patience = CancellationTokenSource.CreateLinkedTokenSource(fleet.Stopping))
            {
                patience.CancelAfter(TimeSpan.FromSeconds(15));
                await socket.ConnectAsync(hubs[Hub], invoker, patience.Token);
                await SendAsync(socket, Hello(), patience.Token);
                if (await ReceiveAsync(socket, patience.Token) is not HubWelcome) return false;
            }

            var link = Channel.CreateUnbounded<HubMessage>(new UnboundedChannelOptions { SingleReader = true });
            var writing = WriteAsync(socket, link.Reader, ended.Token);
            lock (unacknowledged)
            {
                outgoing = link;
                SayAgain(DateTime.MaxValue);
            }

            try
            {
                while (await ReceiveAsync(socket, ended.Token) is { } message) Hear(message);
            }
            finally
            {
                outgoing = null;
                await ended.CancelAsync();
                await writing;
            }

            return true;
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException or HttpRequestException)
        {
            return false;
        }
    }

    private AgentHello Hello() => new(
        host, "journal-" + host, 1, "boot", "bench", new HostFacts(new ByteCount(1L << 50), 1 << 20, "127.0.0.1", 7500, ["native"], []), [], []);

    private void Hear(HubMessage message)
    {
        if (message is HubOrder { Order: var order }) Obey(order);
        else if (message is HubAck ack) Forget(ack.N);
    }

    private void Forget(long n)
    {
        lock (unacknowledged)
        {
            if (!unacknowledged.Remove(n, out var done)) return;
            if (fleet.KeepFacts) fleet.Acknowledged.Add(done.Report);
            SayAgain(DateTime.UtcNow - SayAgainAfter);
        }
    }

    private void Obey(Order order)
    {
        var seen = highest.GetValueOrDefault(order.Subject);
        if (order.Number < seen) return;
        if (order.Number > seen)
        {
            highest[order.Subject] = order.Number;
            fleet.Acts(host, order);
        }

        if (order is MigrateOut) _ = AnswerLaterAsync(order);
        else Answer(order);
    }

    private async Task AnswerLaterAsync(Order order)
    {
        try
        {
            await Task.Delay(fleet.Pace, fleet.Stopping);
            Answer(order);
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    // A destination that owns the guest does not refuse it any more, and what stayed does not move.
    private void Answer(Order order)
    {
        if (order is SwitchOver s && !fleet.HasMoved(s.Migration, s.Epoch, now: true)) return;
        if (order is AbortOut or GiveBack or RefuseIn && order is MigrationOrder m && fleet.HasMoved(m.Migration, m.Epoch, now: false)) return;
        foreach (var (from, report) in HostAnswers.To(host, order)) fleet.ByName[from].Say(report);
    }

    private static async Task WriteAsync(ClientWebSocket socket, ChannelReader<HubMessage> messages, CancellationToken cancellation)
    {
        try
        {
            await foreach (var message in messages.ReadAllAsync(cancellation)) await SendAsync(socket, message, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The reader sees it too.
        }
    }

    private static Task SendAsync(ClientWebSocket socket, HubMessage message, CancellationToken cancellation) =>
        socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, WireJson.Default.HubMessage), WebSocketMessageType.Text, true, cancellation);

    private async Task<HubMessage?> ReceiveAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(length), cancellation);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return JsonSerializer.Deserialize(buffer.AsSpan(0, length), WireJson.Default.HubMessage);
        }
    }
}
