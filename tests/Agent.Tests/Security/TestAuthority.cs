using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Security;

/// <summary>A cluster's authority, at a fixed time unless real processes are to believe it.</summary>
internal sealed class TestAuthority(DateTimeOffset now)
{
    public TestAuthority()
        : this(Noon)
    {
    }

    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static TestAuthority Today() => new(TimeProvider.System.GetUtcNow());

    public PemCertificate Root { get; } = CertificateAuthority.Create("lm test root", now.AddDays(-1), now.AddYears(10));

    public CaBundle Bundle => CaBundle.Parse(Root.Certificate);

    public PemCertificate Issue(PeerIdentity identity, DateTimeOffset? from = null, DateTimeOffset? until = null) =>
        CertificateAuthority.Issue(Root, identity, ["127.0.0.1", "localhost"], from ?? now.AddHours(-1), until ?? now.AddDays(1));

    public X509Certificate2 Leaf(PeerIdentity identity) => Issue(identity).Load();

    public X509Certificate2 Host(string name) => Leaf(PeerIdentity.OfHost(HostId.Parse(name)));

    public X509Certificate2 Coordinator(string name) => Leaf(PeerIdentity.OfCoordinator(name));
}
