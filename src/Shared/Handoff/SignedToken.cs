namespace Coordinator.Shared.Handoff;

/// <summary>A token on its way to a host: signature (ECDSA P-256 over SHA-256, IEEE P1363 form, base64) and the signer's certificate (DER, base64).</summary>
public sealed record SignedToken(SwitchoverToken Token, string Signature, string SignerCertificate);
