using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Shared.Security;

/// <summary>A cluster's own certificate authority: one self-signed root that issues leaves directly. ECDSA P-256 throughout.</summary>
public static class CertificateAuthority
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    /// <summary>A new root. <paramref name="name"/> becomes its common name; two roots may bear the same name.</summary>
    public static PemCertificate Create(string name, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CommonName(name), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var certificate = request.CreateSelfSigned(notBefore, notAfter);
        return new PemCertificate(certificate.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    /// <summary>A leaf for both ends of TLS: agents and coordinators are servers to some and clients to others.</summary>
    /// <param name="addresses">IP addresses and DNS names where the holder is reached; carry no authority.</param>
    /// <param name="notAfter">Cut to the root's own end.</param>
    /// <exception cref="CryptographicException">The root is not PEM, or its key belongs to another certificate.</exception>
    public static PemCertificate Issue(
        PemCertificate root, PeerIdentity identity, IReadOnlyList<string> addresses, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        using var issuer = root.Load();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(CommonName(identity.ToString()), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(AlternativeNames(identity, addresses));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        using var leaf = request.Create(issuer, Later(notBefore, issuer.NotBefore), Earlier(notAfter, issuer.NotAfter), Serial());
        return new PemCertificate(leaf.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static X500DistinguishedName CommonName(string name)
    {
        var builder = new X500DistinguishedNameBuilder();
        builder.AddCommonName(name);
        return builder.Build();
    }

    private static X509Extension AlternativeNames(PeerIdentity identity, IReadOnlyList<string> addresses)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(identity.Uri));
        foreach (var address in addresses)
        {
            if (IPAddress.TryParse(address, out var ip)) names.AddIpAddress(ip);
            else names.AddDnsName(address);
        }

        return names.Build();
    }

    // 16 random bytes, positive (RFC 5280, 4.1.2.2).
    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTime other) => one > other ? one : new DateTimeOffset(other);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTime other) => one < other ? one : new DateTimeOffset(other);
}
