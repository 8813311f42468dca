using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Security;

namespace Coordinator.Server.Hosting;

/// <summary>This node's certificate and the roots it trusts.</summary>
public sealed class Certificates : IDisposable
{
    private readonly TimeProvider _clock;

    private Certificates(X509Certificate2 node, CaBundle roots, TimeProvider clock)
    {
        Node = node;
        Roots = roots;
        _clock = clock;
    }

    /// <summary>With its private key: for TLS and for signing tokens.</summary>
    public X509Certificate2 Node { get; }

    public CaBundle Roots { get; }

    /// <exception cref="ConfigurationProblemException">A file cannot be read, is no certificate, or not this node's.</exception>
    public static Certificates Load(CoordinatorOptions options, TimeProvider clock)
    {
        try
        {
            var node = new PemCertificate(File.ReadAllText(options.TlsCertificate), File.ReadAllText(options.TlsKey)).Load();
            var wanted = PeerIdentity.OfCoordinator(options.Node);
            if (PeerIdentity.Of(node) is var found && found != wanted)
            {
                throw new ConfigurationProblemException(
                    $"{ConfigKeys.TlsCertificate.Path} = '{options.TlsCertificate}': is the certificate of {found?.ToString() ?? "nobody"}, this node is {wanted}");
            }

            return new Certificates(node, CaBundle.Parse(File.ReadAllText(options.TlsCaBundle)), clock);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationProblemException($"{ConfigKeys.Prefix}Tls: cannot use '{options.TlsCertificate}' with '{options.TlsKey}' and '{options.TlsCaBundle}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>For the TLS handshake: is this certificate one of ours and of this role?</summary>
    public bool Accepts(X509Certificate2 certificate, PeerRole role) => ChainCheck.Identify(certificate, Roots, _clock.GetUtcNow(), role).Problem is null;

    public void Dispose() => Node.Dispose();
}
