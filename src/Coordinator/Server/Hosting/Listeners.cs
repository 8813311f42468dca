using System.Security.Authentication;
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

    private static HttpsConnectionAdapterOptions Tls(Certificates certificates, PeerRole role) => new()
    {
        ServerCertificate = certificates.Node,
        SslProtocols = SslProtocols.Tls13,
        ClientCertificateMode = ClientCertificateMode.RequireCertificate,
        ClientCertificateValidation = (certificate, _, _) => certificates.Accepts(certificate, role),
        HandshakeTimeout = TimeSpan.FromSeconds(10),
    };
}
