using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Coordinator.Bench.Cluster;

/// <summary>
/// Many hosts that speak the real protocol over real links (WebSocket, mutual TLS) and move nothing. What they were ordered to do and what they were
/// told to forget is kept, to be held against the log at the end.
/// </summary>
public sealed class AgentFleet : IAsyncDisposable
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Host, Type Order, string Subject, long Epoch), long> effects = new();
    private readonly ConcurrentDictionary<(MigrationId Migration, Epoch Epoch), bool> moved = new();
    private readonly CancellationTokenSource stop = new();
    private readonly List<Task> running = [];
    private int doubled;

    /// <param name="pace">How long a pre-copy lasts.</param>
    public AgentFleet(PemCertificate root, int hosts, IReadOnlyList<Uri> hubs, TimeSpan pace)
    {
        Pace = pace;
        var now = DateTimeOffset.UtcNow;
        Agents = [.. Enumerable.Range(0, hosts).AsParallel().AsOrdered().Select(i => new HostId($"host-{i}")).Select(host =>
            new WireAgent(this, host, Usable(CertificateAuthority.Issue(root, PeerIdentity.OfHost(host), [], now.AddMinutes(-5), now.AddDays(1))), hubs))];
        ByName = Agents.ToDictionary(agent => agent.Host);
    }

    public IReadOnlyList<WireAgent> Agents { get; }

    public TimeSpan Pace { get; }

    public int Connected => Agents.Count(agent => agent.IsConnected);

    /// <summary>Something a host was told to do once more, under another number: the coordinators had decided it twice.</summary>
    public int Doubled => doubled;

    /// <summary>Facts that a coordinator said were committed.</summary>
    public ConcurrentBag<Report> Acknowledged { get; } = [];

    public long Orders => effects.Count;

    internal IReadOnlyDictionary<HostId, WireAgent> ByName { get; }

    internal CancellationToken Stopping => stop.Token;

    /// <summary>Keeps facts that were acknowledged, for <see cref="Acknowledged"/>; off when only links are measured.</summary>
    public bool KeepFacts { get; init; } = true;

    public void Start()
    {
        running.AddRange(Agents.Select(agent => Task.Run(agent.RunAsync)));
        running.Add(Task.Run(BeatAsync));
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(running);
        foreach (var agent in Agents) agent.Dispose();
        stop.Dispose();
    }

    /// <summary>Notes that a host acts on an order it has not seen before.</summary>
    internal void Acts(HostId host, Order order)
    {
        var epoch = order is MigrationOrder m ? m.Epoch : ((VmOrder)order).Epoch;
        if (effects.GetOrAdd((host.Value, order.GetType(), order.Subject, epoch.Value), order.Number) != order.Number) Interlocked.Increment(ref doubled);
    }

    /// <summary>The one decision of an attempt: moved or stayed, whoever asks first.</summary>
    internal bool HasMoved(MigrationId migration, Epoch epoch, bool now) => moved.GetOrAdd((migration, epoch), now);

    private async Task BeatAsync()
    {
        using var timer = new PeriodicTimer(Beat);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                foreach (var agent in Agents) agent.Beat();
            }
        }
        catch (OperationCanceledException)
        {
            // The end.
        }
    }

    // A key that OpenSSL can use from several connections.
    private static X509Certificate2 Usable(PemCertificate certificate)
    {
        using var pem = certificate.Load();
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }
}
