using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace HostNode.Agent.Links;

/// <summary>What one side of a TLS connection needs: its own certificate with key, and whom it trusts.</summary>
public sealed record Credentials(X509Certificate2 Certificate, CaBundle Trusted)
{
    /// <summary>This host, by its own certificate.</summary>
    /// <exception cref="FormatException">The certificate is no host's.</exception>
    public HostId Host => PeerIdentity.Of(Certificate)?.Host
        ?? throw new FormatException($"certificate '{Certificate.Subject}' carries no host identity (SAN spiffe://lm/host/NAME)");

    /// <exception cref="FormatException">A file does not hold what it should; names the file.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Credentials Read(string certificateFile, string keyFile, string caBundleFile)
    {
        var trusted = Parse(caBundleFile, CaBundle.Parse);
        var pem = File.ReadAllText(certificateFile);
        return new Credentials(Parse(keyFile, key => new PemCertificate(pem, key).Load()), trusted);
    }

    private static T Parse<T>(string file, Func<string, T> parse)
    {
        try
        {
            return parse(File.ReadAllText(file));
        }
        catch (Exception e) when (e is FormatException or CryptographicException or ArgumentException)
        {
            throw new FormatException($"{file}: {e.Message}", e);
        }
    }
}
