using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Security;

public sealed class CertificateTests
{
    private static readonly DateTimeOffset Noon = TestAuthority.Noon;
    private readonly TestAuthority _ours = new();

    [Theory]
    [InlineData(PeerRole.Host, "host-a.example")]
    [InlineData(PeerRole.Coordinator, "c1")]
    [InlineData(PeerRole.Operator, "ada")]
    public void An_issued_certificate_is_good_and_carries_its_identity(PeerRole role, string name)
    {
        using var leaf = _ours.Leaf(new PeerIdentity(role, name));

        var (identity, problem) = ChainCheck.Identify(leaf, _ours.Bundle, Noon, role);

        Assert.Null(problem);
        Assert.Equal(new PeerIdentity(role, name), identity);
        Assert.True(leaf.MatchesHostname("localhost"));
        Assert.True(leaf.MatchesHostname("127.0.0.1"));
    }

    [Fact]
    public void A_certificate_of_another_authority_with_the_same_names_is_refused()
    {
        using var foreign = new TestAuthority().Host("host-a");

        Assert.Equal(TrustProblemKind.ForeignAuthority, ChainCheck.Problem(foreign, _ours.Bundle, Noon)?.Kind);
    }

    [Fact]
    public void A_foreign_and_expired_certificate_does_not_pass_for_merely_expired()
    {
        using var foreign = new TestAuthority().Host("host-a");

        Assert.Equal(TrustProblemKind.ForeignAuthority, ChainCheck.Problem(foreign, _ours.Bundle, Noon.AddYears(2))?.Kind);
    }

    [Fact]
    public void A_certificate_is_refused_before_and_after_its_time()
    {
        using var leaf = _ours.Host("host-a");

        Assert.Equal(TrustProblemKind.NotYetValid, ChainCheck.Problem(leaf, _ours.Bundle, Noon.AddHours(-2))?.Kind);
        Assert.Equal(TrustProblemKind.Expired, ChainCheck.Problem(leaf, _ours.Bundle, Noon.AddDays(2))?.Kind);
    }

    [Fact]
    public void A_self_signed_certificate_with_a_good_identity_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=host/host-a", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://lm/host/host-a"));
        request.CertificateExtensions.Add(names.Build());
        using var forged = request.CreateSelfSigned(Noon.AddDays(-1), Noon.AddDays(1));

        Assert.Equal(TrustProblemKind.ForeignAuthority, ChainCheck.Problem(forged, _ours.Bundle, Noon)?.Kind);
    }

    [Fact]
    public void A_leaf_cannot_issue_certificates()
    {
        var leaf = _ours.Issue(PeerIdentity.OfHost(HostId.Parse("host-a")));

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var issuer = leaf.Load();
        var request = new CertificateRequest("CN=host/host-b", key, HashAlgorithmName.SHA256);
        using var child = request.Create(
            issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(issuer.GetECDsaPrivateKey()!), Noon.AddMinutes(-1), Noon.AddHours(1), [1, 2, 3]);

        Assert.Equal(TrustProblemKind.ForeignAuthority, ChainCheck.Problem(child, _ours.Bundle, Noon)?.Kind);
        Assert.Throws<FormatException>(() => CaBundle.Parse(leaf.Certificate));
    }

    [Fact]
    public void While_the_authority_is_replaced_both_are_trusted()
    {
        var next = new TestAuthority();
        var both = CaBundle.Parse(_ours.Root.Certificate + next.Root.Certificate);
        using var old = _ours.Host("host-a");
        using var young = next.Host("host-b");

        Assert.Null(ChainCheck.Problem(old, both, Noon));
        Assert.Null(ChainCheck.Problem(young, both, Noon));
        Assert.NotNull(ChainCheck.Problem(old, next.Bundle, Noon));
    }

    [Fact]
    public void A_role_is_not_exchanged_for_another()
    {
        using var host = _ours.Host("c1");

        Assert.Equal(TrustProblemKind.WrongIdentity, ChainCheck.Identify(host, _ours.Bundle, Noon, PeerRole.Coordinator).Problem?.Kind);
    }

    [Fact]
    public void No_certificate_is_a_problem_too() =>
        Assert.Equal(TrustProblemKind.NoCertificate, ChainCheck.Problem(null, _ours.Bundle, Noon)?.Kind);

    [Theory]
    [InlineData("")]
    [InlineData("no certificate here")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")]
    public void A_bundle_without_a_root_is_refused(string pem) => Assert.Throws<FormatException>(() => CaBundle.Parse(pem));

    [Theory]
    [InlineData("spiffe://lm/host/")]
    [InlineData("spiffe://lm/host/a/b")]
    [InlineData("spiffe://lm/Host/a")]
    [InlineData("spiffe://lm/host/A")]
    [InlineData("spiffe://lm:80/host/a")]
    [InlineData("spiffe://other/host/a")]
    [InlineData("spiffe://lm/host/a?x=1")]
    [InlineData("spiffe://lm/host/a%20b")]
    [InlineData("spiffe://lm/guest/a")]
    [InlineData("http://lm/host/a")]
    [InlineData(" spiffe://lm/host/a")]
    public void An_identity_is_read_strictly(string uri) => Assert.Null(PeerIdentity.Parse(uri));

    [Fact]
    public void Two_identities_in_one_certificate_are_none()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=two", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri("spiffe://lm/host/a"));
        names.AddUri(new Uri("spiffe://lm/coordinator/c"));
        request.CertificateExtensions.Add(names.Build());
        using var two = request.CreateSelfSigned(Noon.AddDays(-1), Noon.AddDays(1));

        Assert.Null(PeerIdentity.Of(two));
    }

    [Fact]
    public void A_leaf_never_outlives_its_root()
    {
        using var leaf = _ours.Issue(PeerIdentity.OfCoordinator("c1"), Noon.AddYears(-5), Noon.AddYears(50)).Load();

        Assert.Equal(Noon.AddYears(10), new DateTimeOffset(leaf.NotAfter));
        Assert.Equal(Noon.AddDays(-1), new DateTimeOffset(leaf.NotBefore));
    }

    [Fact]
    public void A_key_is_not_shown_when_a_pair_is_printed() =>
        Assert.DoesNotContain("PRIVATE", _ours.Root.ToString() + $"{_ours.Root}", StringComparison.Ordinal);
}
