using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Server.Configuration;
using Coordinator.Shared.Security;
using Microsoft.Extensions.Logging.Abstractions;

namespace Coordinator.Server.Hosting;

/// <summary>
/// This node's certificate and the roots it trusts, as their files are now: they are replaced while the coordinator runs, and new connections and signatures use
/// what stands there. Files that cannot be used (half written) leave the ones before in use. Safe from any thread.
/// </summary>
public sealed class Certificates : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CoordinatorOptions _options;
    private readonly TimeProvider _clock;
    private Held _held;
    private (DateTime, DateTime, DateTime) _stamp;

    private Certificates(CoordinatorOptions options, TimeProvider clock)
    {
        (_options, _clock) = (options, clock);
        _stamp = Stamp();
        _held = Read(options);
    }

    /// <summary>Where trouble with replaced files is told.</summary>
    public ILogger Log { private get; set; } = NullLogger.Instance;

    /// <summary>With its private key: for TLS and for signing tokens.</summary>
    public X509Certificate2 Node => Current().Node;

    /// <summary>The same for the server's side of a TLS handshake.</summary>
    public SslStreamCertificateContext Context => Current().Context;

    /// <summary>In the last fifth of its life a certificate should have been renewed: when it ends, or null.</summary>
    public DateTimeOffset? EndsSoon => Soon(Node, _clock.GetUtcNow());

    /// <exception cref="ConfigurationProblemException">A file cannot be read, is no certificate, or not this node's.</exception>
    public static Certificates Load(CoordinatorOptions options, TimeProvider clock) => new(options, clock);

    /// <summary>For the TLS handshake: is this certificate one of ours and of this role?</summary>
    public bool Accepts(X509Certificate2 certificate, PeerRole role) => ChainCheck.Identify(certificate, Current().Roots, _clock.GetUtcNow(), role).Problem is null;

    /// <summary>When this certificate ends, if that is soon; else null.</summary>
    public static DateTimeOffset? Soon(X509Certificate2 certificate, DateTimeOffset now)
    {
        DateTimeOffset from = certificate.NotBefore, until = certificate.NotAfter;
        return until - now < (until - from) / 5 ? until : null;
    }

    public void Dispose() => _held.Node.Dispose();

    private Held Current()
    {
        lock (_gate)
        {
            var stamp = Stamp();
            if (stamp == _stamp) return _held;
            _stamp = stamp;
            try
            {
                // What connections still use of the one before is theirs.
                _held = Read(_options);
                Log.LogInformation("certificates replaced: {Subject}, good until {Until:u}", _held.Node.Subject, _held.Node.NotAfter.ToUniversalTime());
            }
            catch (ConfigurationProblemException e)
            {
                Log.LogWarning("keeping the certificates read before: {Detail}", e.Message);
            }

            return _held;
        }
    }

    private (DateTime, DateTime, DateTime) Stamp() => (File.GetLastWriteTimeUtc(_options.TlsCertificate), File.GetLastWriteTimeUtc(_options.TlsKey), File.GetLastWriteTimeUtc(_options.TlsCaBundle));

    private static Held Read(CoordinatorOptions options)
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

            // Offline: nothing is fetched to build a chain of our own.
            return new Held(node, SslStreamCertificateContext.Create(node, additionalCertificates: null, offline: true), CaBundle.Parse(File.ReadAllText(options.TlsCaBundle)));
        }
        catch (Exception e) when (e is CryptographicException or FormatException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ConfigurationProblemException($"{ConfigKeys.Prefix}Tls: cannot use '{options.TlsCertificate}' with '{options.TlsKey}' and '{options.TlsCaBundle}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private sealed record Held(X509Certificate2 Node, SslStreamCertificateContext Context, CaBundle Roots);
}
