using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Security;

public sealed class TokenTests
{
    private static readonly SwitchoverToken Token = new(
        VmId.Parse("db-1"), MigrationId.Create(7, TestAuthority.Noon, 1), new Epoch(4), HostId.Parse("host-a"), HostId.Parse("host-b"));

    private readonly TestAuthority _ours = new();

    [Fact]
    public void A_token_signed_by_a_coordinator_of_the_cluster_is_good() => Assert.Null(new TokenVerifier(_ours.Bundle).Problem(Signed(_ours)));

    [Fact]
    public void Every_field_of_a_token_is_under_the_signature()
    {
        var good = Signed(_ours);
        SwitchoverToken[] changed =
        [
            Token with { Vm = VmId.Parse("db-2") },
            Token with { Migration = MigrationId.Create(7, TestAuthority.Noon, 2) },
            Token with { Epoch = Token.Epoch.Next },
            Token with { Source = HostId.Parse("host-c") },
            Token with { Destination = HostId.Parse("host-c") },
        ];

        Assert.All(changed, token => Assert.Equal(TrustProblemKind.BadSignature, Problem(good with { Token = token })));
    }

    [Fact]
    public void A_host_cannot_sign_tokens()
    {
        using var host = _ours.Host("host-a");
        Assert.Throws<ArgumentException>(() => new TokenSigner(host));

        using var coordinator = _ours.Coordinator("c1");
        using var signer = new TokenSigner(coordinator);
        var forged = signer.Sign(Token) with { SignerCertificate = Convert.ToBase64String(host.RawData) };
        Assert.Equal(TrustProblemKind.WrongIdentity, Problem(forged));
    }

    [Fact]
    public void A_coordinator_of_another_cluster_cannot_sign_for_this_one() =>
        Assert.Equal(TrustProblemKind.ForeignAuthority, Problem(Signed(new TestAuthority())));

    [Fact]
    public void A_signature_of_one_coordinator_under_the_certificate_of_another_is_refused()
    {
        using var other = _ours.Coordinator("c2");

        Assert.Equal(TrustProblemKind.BadSignature, Problem(Signed(_ours) with { SignerCertificate = Convert.ToBase64String(other.RawData) }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64!")]
    [InlineData("AAAA")]
    public void Garbage_is_refused_and_does_not_throw(string garbage)
    {
        Assert.Equal(TrustProblemKind.Malformed, Problem(Signed(_ours) with { Signature = garbage }));
        Assert.Equal(TrustProblemKind.Malformed, Problem(Signed(_ours) with { SignerCertificate = garbage }));
    }

    [Fact]
    public void The_end_of_the_signers_certificate_does_not_end_a_token()
    {
        var longAgo = CertificateAuthority.Create("old root", TestAuthority.Noon.AddYears(-20), TestAuthority.Noon.AddYears(-10));
        using var expired = CertificateAuthority.Issue(
            longAgo, PeerIdentity.OfCoordinator("c1"), [], TestAuthority.Noon.AddYears(-19), TestAuthority.Noon.AddYears(-18)).Load();
        using var signer = new TokenSigner(expired);

        Assert.Null(new TokenVerifier(CaBundle.Parse(longAgo.Certificate)).Problem(signer.Sign(Token)));
    }

    private TrustProblemKind? Problem(SignedToken signed) => new TokenVerifier(_ours.Bundle).Problem(signed)?.Kind;

    private static SignedToken Signed(TestAuthority authority)
    {
        using var certificate = authority.Coordinator("c1");
        using var signer = new TokenSigner(certificate);
        return signer.Sign(Token);
    }
}
