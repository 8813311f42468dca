using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Security;

namespace HostNode.Agent.Links;

/// <summary>TLS 1.3 with certificates of both sides, believed only by our own roots and the identity in the SAN. Names and ports play no part.</summary>
internal static class Tls
{
    /// <param name="admit">Called with the other side's identity after its chain was found good; returns why it is refused, or null.</param>
    public static SslClientAuthenticationOptions Client(Credentials own, PeerRole role, TimeProvider clock, Func<PeerIdentity, string?> admit, Action<string> refused) => new()
    {
        TargetHost = "lm",
        EnabledSslProtocols = SslProtocols.Tls13,
        ClientCertificateContext = Context(own),
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Check(certificate, own, role, clock, admit, refused),
    };

    /// <inheritdoc cref="Client"/>
    public static SslServerAuthenticationOptions Server(Credentials own, PeerRole role, TimeProvider clock, Func<PeerIdentity, string?> admit, Action<string> refused) => new()
    {
        EnabledSslProtocols = SslProtocols.Tls13,
        ServerCertificateContext = Context(own),
        ClientCertificateRequired = true,
        AllowTlsResume = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => Check(certificate, own, role, clock, admit, refused),
    };

    // Offline: nothing is fetched to build a chain of our own.
    private static SslStreamCertificateContext Context(Credentials own) => SslStreamCertificateContext.Create(own.Certificate, additionalCertificates: null, offline: true);

    private static bool Check(
        X509Certificate? certificate, Credentials own, PeerRole role, TimeProvider clock, Func<PeerIdentity, string?> admit, Action<string> refused)
    {
        var (identity, problem) = ChainCheck.Identify(certificate as X509Certificate2, own.Trusted, clock.GetUtcNow(), role);
        var why = identity is null ? problem!.ToString() : admit(identity);
        if (why is not null) refused(why);
        return why is null;
    }
}
