using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Handoff;

namespace Coordinator.Shared.Security;

/// <summary>
/// Whether a coordinator of this cluster signed a token. Epoch and hosts are for the caller to check.
/// Takes no time: a token's life ends by a higher epoch, never by a clock, and a COMMIT must not become invalid because the
/// signer's certificate ran out between INTENT and its arrival. Taking a root out of the bundle ends the life of all it vouched for.
/// </summary>
public sealed class TokenVerifier(CaBundle bundle)
{
    // r and s of 32 bytes each.
    private const int SignatureLength = 64;

    /// <summary>Null if the token is good.</summary>
    public TrustProblem? Problem(SignedToken signed)
    {
        if (Decode(signed.SignerCertificate) is not { } der || Decode(signed.Signature) is not { Length: SignatureLength } signature)
        {
            return new TrustProblem(TrustProblemKind.Malformed, "signature or signer's certificate of the token is not what it should be");
        }

        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(der);
            return Problem(signed.Token, signature, certificate);
        }
        catch (CryptographicException)
        {
            return new TrustProblem(TrustProblemKind.Malformed, "the signer's certificate of the token cannot be read");
        }
    }

    private TrustProblem? Problem(SwitchoverToken token, byte[] signature, X509Certificate2 certificate)
    {
        var (_, problem) = ChainCheck.Identify(certificate, bundle, new DateTimeOffset(certificate.NotBefore), PeerRole.Coordinator);
        if (problem is not null) return problem;
        using var key = certificate.GetECDsaPublicKey();
        if (key is not { KeySize: 256 }) return new TrustProblem(TrustProblemKind.Malformed, "the token's signer has no P-256 key");
        return key.VerifyData(token.SignedBytes(), signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            ? null
            : new TrustProblem(TrustProblemKind.BadSignature, "the signature does not belong to this token");
    }

    private static byte[]? Decode(string base64)
    {
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var length) ? bytes[..length] : null;
    }
}
