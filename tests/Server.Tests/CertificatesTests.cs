using System.Security.Cryptography.X509Certificates;
using Coordinator.Server.Hosting;
using Coordinator.Server.Node;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Handoff;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Server.Tests;

/// <summary>A coordinator's certificate files are replaced while it runs.</summary>
public sealed class CertificatesTests : IDisposable
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly TestCluster _cluster = new();
    private int _writes;

    public void Dispose() => _cluster.Dispose();

    [Fact]
    public void A_new_certificate_is_used_once_its_key_is_there_too_and_signs_from_then_on()
    {
        using var certificates = Certificates.Load(_cluster.Options(), TimeProvider.System);
        using var signer = new OrderSigner(() => certificates.Node);
        var before = certificates.Node.Thumbprint;
        var renewed = _cluster.Issue(PeerIdentity.OfCoordinator("node-1"));

        Put("node.key", renewed.Key);
        Assert.Equal(before, certificates.Node.Thumbprint);
        Put("node.pem", renewed.Certificate);

        using var expected = renewed.Load();
        Assert.Equal(expected.Thumbprint, certificates.Node.Thumbprint);
        Assert.Equal(Convert.ToBase64String(expected.RawData), Signed(signer).SignerCertificate);
    }

    [Fact]
    public void What_is_no_certificate_of_this_node_leaves_the_one_before_in_use()
    {
        using var certificates = Certificates.Load(_cluster.Options(), TimeProvider.System);
        var before = certificates.Node.Thumbprint;
        var other = _cluster.Issue(PeerIdentity.OfCoordinator("node-2"));

        Put("node.key", other.Key);
        Put("node.pem", other.Certificate);
        Assert.Equal(before, certificates.Node.Thumbprint);
        Put("ca.pem", "");
        Assert.Equal(before, certificates.Node.Thumbprint);
    }

    [Fact]
    public void A_root_that_is_taken_out_of_the_bundle_is_believed_no_more()
    {
        using var certificates = Certificates.Load(_cluster.Options(), TimeProvider.System);
        using var host = _cluster.IssueHost("host-a").Load();
        Assert.True(certificates.Accepts(host, PeerRole.Host));

        Put("ca.pem", CertificateAuthority.Create("another", DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1)).Certificate);

        Assert.False(certificates.Accepts(host, PeerRole.Host));
    }

    [Theory]
    [InlineData(79, false)]
    [InlineData(81, true)]
    [InlineData(101, true)]
    public void A_certificate_is_told_of_in_the_last_fifth_of_its_life(int days, bool soon)
    {
        var root = CertificateAuthority.Create("test", Noon, Noon.AddDays(100));
        using var certificate = CertificateAuthority.Issue(root, PeerIdentity.OfCoordinator("node-1"), ["localhost"], Noon, Noon.AddDays(100)).Load();

        Assert.Equal(soon ? Noon.AddDays(100) : null, Certificates.Soon(certificate, Noon.AddDays(days)));
    }

    private static SignedToken Signed(OrderSigner signer)
    {
        var (vm, id, epoch) = (VmId.Parse("web-1"), MigrationId.Create(7, Noon, 1), new Epoch(2));
        var token = new SwitchoverToken(vm, id, epoch, HostId.Parse("host-a"), HostId.Parse("host-b"));
        return ((GoForward)signer.Sign(new GoForward(vm, 1, id, epoch, new SignedToken(token, "", "")))).Grant;
    }

    // A file's time may be as coarse as the kernel's tick: two writes must not look like one.
    private void Put(string name, string text)
    {
        File.WriteAllText(_cluster.File_(name), text);
        File.SetLastWriteTimeUtc(_cluster.File_(name), DateTime.UtcNow.AddSeconds(++_writes));
    }
}
