using System.Collections.Concurrent;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Application.Bus;
using RabbitMQ.Client;

namespace Coordinator.Adapters.RabbitMq;

/// <summary>
/// One connection to the broker, from its log-in to its first trouble: it is never repaired, but replaced. The client calls us back on its own
/// threads, and hangs for ever when our code goes on inside such a call: all that is done there is to note and to wake.
/// </summary>
internal sealed class BrokerLine : IAsyncDisposable
{
    private const int AtOnce = 32;

    // The broker takes two silent ones for death: what a stopped or cut-off node consumed goes to the next one.
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConnectWithin = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan AnswerWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CloseWithin = TimeSpan.FromSeconds(1);

    private readonly IConnection _connection;
    private readonly NodeReader _own;
    private readonly LineEvents _events;
    private readonly ConcurrentDictionary<string, ShardReader> _readers = new(StringComparer.Ordinal);

    private BrokerLine(IConnection connection, Publisher publisher, NodeReader own, LineEvents events) =>
        (_connection, Publisher, _own, _events) = (connection, publisher, own, events);

    public Publisher Publisher { get; }

    /// <exception cref="Exception">See <see cref="BrokerFailure"/>.</exception>
    public static async Task<BrokerLine> OpenAsync(RabbitMqOptions options, string node, LineEvents events)
    {
        var connection = await ConnectAsync(options, node).ConfigureAwait(false);
        try
        {
            connection.ConnectionShutdownAsync += (_, e) => { events.Ended(e.ReplyText); return Task.CompletedTask; };
            connection.ConnectionBlockedAsync += (_, e) => { events.Lost(0, "the broker takes nothing more: " + e.Reason); return Task.CompletedTask; };
            var publishing = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false)).ConfigureAwait(false);
            publishing.ChannelShutdownAsync += (_, e) => { events.Ended(e.ReplyText); return Task.CompletedTask; };
            await Topology.DeclareAsync(publishing).ConfigureAwait(false);
            var own = await NodeReader.OpenAsync(connection, node, events).ConfigureAwait(false);
            return new BrokerLine(connection, new Publisher(publishing, node, events), own, events);
        }
        catch
        {
            await CloseAsync(connection).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Reads what is wanted and is not read yet, and no more what is not wanted any more; a part of it, so that it is soon called again.</summary>
    /// <param name="wanted">Addresses.</param>
    /// <returns>False when nothing was left to do.</returns>
    public async Task<bool> FollowAsync(IReadOnlySet<string> wanted)
    {
        var opening = wanted.Where(a => Topology.IsShard(a) && !_readers.ContainsKey(a)).Take(AtOnce).ToList();
        var closing = _readers.Keys.Where(a => !wanted.Contains(a)).Take(AtOnce).ToList();
        await Task.WhenAll(closing.Select(a => _readers[a].DisposeAsync().AsTask())).ConfigureAwait(false);
        foreach (var address in closing) _readers.TryRemove(address, out _);
        foreach (var (address, reader) in await Task.WhenAll(opening.Select(OpenAsync)).ConfigureAwait(false)) _readers[address] = reader;
        var bound = await _own.FollowAsync(wanted.Where(a => !Topology.IsShard(a)).ToHashSet(StringComparer.Ordinal), AtOnce).ConfigureAwait(false);
        return bound || opening.Count > 0 || closing.Count > 0;
    }

    /// <summary>A host's link stands here now: another node that still has one learns that it is old.</summary>
    public ValueTask TakeAsync(string address) => _own.TakeAsync(address);

    /// <summary>Never fails, and does not wait for a client that cannot end.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var reader in _readers.Values) reader.Silence();
        _own.Silence();
        await CloseAsync(_connection).ConfigureAwait(false);
    }

    private async Task<(string Address, ShardReader Reader)> OpenAsync(string address) =>
        (address, await ShardReader.OpenAsync(_connection, address, _events).ConfigureAwait(false));

    private static async Task CloseAsync(IConnection connection)
    {
        try
        {
            await connection.AbortAsync(CloseWithin).WaitAsync(2 * CloseWithin).ConfigureAwait(false);
            await connection.DisposeAsync().AsTask().WaitAsync(CloseWithin).ConfigureAwait(false);
        }
        catch (Exception e) when (BrokerFailure.Is(e))
        {
            // It is gone, or will be when its heartbeat stops.
        }
    }

    private static Task<IConnection> ConnectAsync(RabbitMqOptions options, string node)
    {
        var factory = new ConnectionFactory
        {
            // We know better what has to be done again.
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = Heartbeat,
            RequestedConnectionTimeout = ConnectWithin,
            HandshakeContinuationTimeout = AnswerWithin,
            ContinuationTimeout = AnswerWithin,
            UserName = options.User,
            Password = options.Password ?? "",
            AuthMechanisms = options.Password is null ? [new ExternalMechanismFactory()] : [new PlainMechanismFactory()],
            VirtualHost = options.Endpoints[0].AbsolutePath is { Length: > 1 } path ? Uri.UnescapeDataString(path[1..]) : ConnectionFactory.DefaultVHost,
            ClientProvidedName = BusMessage.Node(node),
        };
        return factory.CreateConnectionAsync([.. options.Endpoints.Select(endpoint => EndpointOf(endpoint, options))], factory.ClientProvidedName);
    }

    private static AmqpTcpEndpoint EndpointOf(Uri endpoint, RabbitMqOptions options)
    {
        var isTls = endpoint.Scheme == "amqps";
        var tls = new SslOption(endpoint.Host, enabled: isTls) { Version = SslProtocols.None };
        if (options.Certificate is not null) tls.Certs = [options.Certificate];
        if (options.Authorities is { } roots) tls.CertificateValidationCallback = (_, certificate, _, errors) => IsVouchedFor(certificate, errors, roots);
        return new AmqpTcpEndpoint(endpoint.Host, endpoint.Port > 0 ? endpoint.Port : isTls ? AmqpTcpEndpoint.DefaultAmqpSslPort : 5672, tls);
    }

    private static bool IsVouchedFor(X509Certificate? certificate, SslPolicyErrors errors, X509Certificate2Collection roots)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)) return false;
        using var chain = new X509Chain();
        (chain.ChainPolicy.TrustMode, chain.ChainPolicy.RevocationMode, chain.ChainPolicy.DisableCertificateDownloads) = (X509ChainTrustMode.CustomRootTrust, X509RevocationMode.NoCheck, true);
        chain.ChainPolicy.CustomTrustStore.AddRange(roots);
        using var shown = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return chain.Build(shown);
    }
}
