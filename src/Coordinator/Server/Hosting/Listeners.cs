using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Security;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Coordinator.Server.Hosting;

/// <summary>The two doors: one for people and programs, one for agents. A connection is marked with the one it came through.</summary>
internal static class Listeners
{
    private static readonly object HubMark = new();

    public static void Open(KestrelServerOptions kestrel, CoordinatorOptions options, Certificates certificates)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = Api.RequestBody.LengthMax;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        kestrel.Limits.MaxConcurrentConnections = 20_000;
        kestrel.Listen(options.Http, listen =>
        {
            if (options.HttpClientCertificates) listen.UseHttps(Tls(certificates, PeerRole.Operator));
            else listen.Protocols = HttpProtocols.Http1;
        });
        kestrel.Listen(options.Hub, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.UseHttps(Tls(certificates, PeerRole.Host));
            listen.Use(next => connection =>
            {
                connection.Items[HubMark] = true;
                return next(connection);
            });
        });
    }

    public static bool IsHub(HttpContext context) =>
        context.Features.Get<Microsoft.AspNetCore.Connections.Features.IConnectionItemsFeature>()?.Items.ContainsKey(HubMark) == true;

    // Asked at each handshake: certificates are replaced while connections stand.
    private static TlsHandshakeCallbackOptions Tls(Certificates certificates, PeerRole role) => new()
    {
        OnConnection = _ => new ValueTask<SslServerAuthenticationOptions>(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = certificates.Context,
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificateRequired = true,
            // A resumed session would bring a certificate back that was replaced, or whose authority is gone.
            AllowTlsResume = false,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is X509Certificate2 shown && certificates.Accepts(shown, role),
        }),
        HandshakeTimeout = TimeSpan.FromSeconds(10),
    };
}
