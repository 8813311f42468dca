using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Coordinator.Shared.Security;

/// <summary>Whether a certificate was issued by one of our own roots. Asks no network and no system store; time is given.</summary>
public static class ChainCheck
{
    // EKU of both directions: our roots issue nothing else.
    private static readonly string[] Usages = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

    /// <summary>Null if the certificate is good at <paramref name="now"/>.</summary>
    public static TrustProblem? Problem(X509Certificate2? certificate, CaBundle bundle, DateTimeOffset now)
    {
        if (certificate is null) return new TrustProblem(TrustProblemKind.NoCertificate, "no certificate was shown");
        using var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(bundle.Roots);
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        policy.VerificationTimeIgnored = false;
        policy.VerificationTime = now.UtcDateTime;
        foreach (var usage in Usages) policy.ApplicationPolicy.Add(new Oid(usage));
        if (chain.Build(certificate)) return null;
        return Name(certificate, chain, now);
    }

    /// <summary>The identity of a certificate that is good and carries the wanted role, else why not.</summary>
    public static (PeerIdentity? Identity, TrustProblem? Problem) Identify(X509Certificate2? certificate, CaBundle bundle, DateTimeOffset now, PeerRole role)
    {
        var problem = Problem(certificate, bundle, now);
        if (problem is not null) return (null, problem);
        var identity = PeerIdentity.Of(certificate!);
        if (identity is null) return (null, new TrustProblem(TrustProblemKind.NoIdentity, $"'{certificate!.Subject}' carries no single identity"));
        return identity.Role == role
            ? (identity, null)
            : (null, new TrustProblem(TrustProblemKind.WrongIdentity, $"{identity} is no {role.ToString().ToLowerInvariant()}"));
    }

    // A wrong time is told apart from a wrong authority only if nothing else is wrong: a forged chain must not pass for an old one.
    private static TrustProblem Name(X509Certificate2 certificate, X509Chain chain, DateTimeOffset now)
    {
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        if (status != X509ChainStatusFlags.NotTimeValid)
        {
            return new TrustProblem(TrustProblemKind.ForeignAuthority, $"'{certificate.Subject}' is not vouched for by a root of the bundle ({status})");
        }

        return now < certificate.NotBefore
            ? new TrustProblem(TrustProblemKind.NotYetValid, $"'{certificate.Subject}' is valid only from {certificate.NotBefore.ToUniversalTime():u}")
            : new TrustProblem(TrustProblemKind.Expired, $"'{certificate.Subject}' or its root has expired; its own end is {certificate.NotAfter.ToUniversalTime():u}");
    }
}
