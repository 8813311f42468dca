using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Security;

/// <summary>A cluster's authority at a fixed time, for tests.</summary>
internal sealed class TestAuthority
{
    public static readonly DateTimeOffset Noon = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public PemCertificate Root { get; } = CertificateAuthority.Create("lm test root", Noon.AddDays(-1), Noon.AddYears(10));

    public CaBundle Bundle => CaBundle.Parse(Root.Certificate);

    public PemCertificate Issue(PeerIdentity identity, DateTimeOffset? from = null, DateTimeOffset? until = null) =>
        CertificateAuthority.Issue(Root, identity, ["127.0.0.1", "localhost"], from ?? Noon.AddHours(-1), until ?? Noon.AddDays(1));

    public X509Certificate2 Leaf(PeerIdentity identity) => Issue(identity).Load();

    public X509Certificate2 Host(string name) => Leaf(PeerIdentity.OfHost(HostId.Parse(name)));

    public X509Certificate2 Coordinator(string name) => Leaf(PeerIdentity.OfCoordinator(name));
}
