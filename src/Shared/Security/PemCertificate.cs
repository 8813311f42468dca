using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Shared.Security;

/// <summary>A certificate and its private key (PKCS#8), both as PEM text. The key is a secret: files of mode 0600, never in a log.</summary>
public sealed record PemCertificate(string Certificate, string Key)
{
    /// <summary>Ready for TLS or for signing. The caller disposes of it.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">Not PEM, or the key belongs to another certificate.</exception>
    public X509Certificate2 Load() => X509Certificate2.CreateFromPem(Certificate, Key);

    /// <summary>Says nothing of the key.</summary>
    public override string ToString() => nameof(PemCertificate);
}
