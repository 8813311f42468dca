using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Shared.Security;

/// <summary>The roots a process trusts: one, or old and new while the authority is being replaced. Nothing of the system's own store.</summary>
public sealed class CaBundle
{
    internal X509Certificate2Collection Roots { get; }

    private CaBundle(X509Certificate2Collection roots) => Roots = roots;

    /// <exception cref="FormatException">No certificate in it, or one that is no certificate authority.</exception>
    public static CaBundle Parse(string pem)
    {
        var roots = new X509Certificate2Collection();
        try
        {
            roots.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new FormatException("the CA bundle is not PEM: " + e.Message, e);
        }

        if (roots.Count == 0) throw new FormatException("the CA bundle holds no certificate");
        foreach (var root in roots)
        {
            if (!IsAuthority(root)) throw new FormatException($"'{root.Subject}' in the CA bundle is no certificate authority");
        }

        return new CaBundle(roots);
    }

    private static bool IsAuthority(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority);
}
