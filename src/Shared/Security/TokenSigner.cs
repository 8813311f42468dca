using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Handoff;

namespace Coordinator.Shared.Security;

/// <summary>Signs hand-off tokens with a coordinator's own node key; the certificate travels with the token. One signer serves one thread at a time.</summary>
public sealed class TokenSigner : IDisposable
{
    private readonly ECDsa _key;
    private readonly string _certificate;

    /// <exception cref="ArgumentException">Not a coordinator's certificate, or without a P-256 key.</exception>
    public TokenSigner(X509Certificate2 certificate)
    {
        if (PeerIdentity.Of(certificate) is not { Role: PeerRole.Coordinator })
        {
            throw new ArgumentException($"'{certificate.Subject}' is not a coordinator's certificate: it cannot sign tokens", nameof(certificate));
        }

        var key = certificate.GetECDsaPrivateKey();
        if (key is not { KeySize: 256 })
        {
            key?.Dispose();
            throw new ArgumentException($"'{certificate.Subject}' has no P-256 private key", nameof(certificate));
        }

        _key = key;
        _certificate = Convert.ToBase64String(certificate.RawData);
    }

    /// <summary>A fresh signature each time: signatures are checked, never compared.</summary>
    public SignedToken Sign(SwitchoverToken token)
    {
        var signature = _key.SignData(token.SignedBytes(), HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
        return new SignedToken(token, Convert.ToBase64String(signature), _certificate);
    }

    public void Dispose() => _key.Dispose();
}
