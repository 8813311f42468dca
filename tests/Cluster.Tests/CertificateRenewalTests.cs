using Cluster.Tests.Given;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Units;
using Xunit.Abstractions;

namespace Cluster.Tests;

/// <summary>Every certificate and the authority itself are replaced while a guest moves; nothing is restarted, and nothing old is believed afterwards.</summary>
public sealed class CertificateRenewalTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Certificates_and_their_authority_are_replaced_under_a_transfer_and_the_old_ones_are_believed_no_more()
    {
        await using var cluster = await ClusterUnderTest.StartAsync("host-a", "host-b", "host-c");
        var move = await Move.OfNativeGuestAsync(cluster, written: 96);
        await move.BeginAsync(new MigrationPolicy(MaxBandwidth: ByteRate.FromMebi(16), Retries: 0));
        await move.SentAsync(ByteCount.FromMebi(16));

        // Both are trusted, then everyone gets a new certificate, then only the new one is trusted.
        var authority = cluster.AddAuthority();
        cluster.Kill("host-c");
        cluster.KeepOldCertificate("host-c");
        cluster.IssueCertificates(authority);
        cluster.TrustOnly(authority);
        var settled = await move.SettledAsync();
        output.WriteLine($"re-sent {settled.Status.Resent}");
        Assert.Equal(("Completed", 0L), (settled.Status.Outcome, settled.Status.Resent?.Value));

        // A link that is new: an agent with an old certificate is refused, with its new one it is let in.
        cluster.UseOldCertificate("host-c");
        cluster.StartAgent("host-c");
        await cluster.SaysAsync("host-c", "hub.unreachable");
        Assert.NotEqual("Ready", (await cluster.Client.HostAsync("host-c")).Status.Phase);
        cluster.UseNewCertificate("host-c");
        await cluster.ReadyAsync();

        // Peer links that are new, a grant signed with the new key.
        var onward = await cluster.Client.MigrateAsync(move.Vm, "host-c");
        await cluster.UntilAsync($"{onward} to close", async () => (await cluster.Client.MigrationAsync(onward)).Status.Phase == "Closed");
        Assert.Equal("Completed", (await cluster.Client.MigrationAsync(onward)).Status.Outcome);
        await move.RunsOnlyOnAsync("host-c");
    }
}
