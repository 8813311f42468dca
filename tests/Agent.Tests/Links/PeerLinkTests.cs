using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using Agent.Tests.Security;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Agent.Tests.Links;

public sealed class PeerLinkTests : IDisposable
{
    private static readonly VmId Vm = VmId.Parse("db-1");
    private static readonly HostId HostA = HostId.Parse("host-a");
    private static readonly HostId HostB = HostId.Parse("host-b");
    private static readonly MigrationId Migration = MigrationId.Create(1, TestAuthority.Noon, 1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly TestAuthority _authority = TestAuthority.Today();
    private readonly PeerHost _a;
    private readonly PeerHost _b;

    public PeerLinkTests()
    {
        _a = new PeerHost(_authority, PeerIdentity.OfHost(HostA));
        _b = new PeerHost(_authority, PeerIdentity.OfHost(HostB));
    }

    public void Dispose()
    {
        _a.Dispose();
        _b.Dispose();
    }

    [Fact]
    public void Messages_arrive_in_order_with_the_identity_of_the_certificate_and_answers_come_back_on_the_same_link()
    {
        for (var epoch = 1; epoch <= 3; epoch++) _a.Links.Send(HostB, _b.Endpoint, new PeerRefuse(Vm, Migration, new Epoch(epoch)));

        Assert.Equal(
            Enumerable.Range(1, 3).Select(epoch => (HostA, (PeerMessage)new PeerRefuse(Vm, Migration, new Epoch(epoch)))),
            Enumerable.Range(1, 3).Select(_ => Take(_b.Received)));
        _b.Links.Reply(HostA, new PeerRefused(Vm, Migration, new Epoch(3)));
        Assert.Equal((HostB, new PeerRefused(Vm, Migration, new Epoch(3))), Take(_a.Received));
    }

    [Fact]
    public void A_link_that_broke_is_opened_again_for_the_next_message()
    {
        _a.Links.Send(HostB, _b.Endpoint, new PeerRefuse(Vm, Migration, new Epoch(1)));
        Take(_b.Received);
        _b.Links.Dispose();
        using var again = new PeerHost(_authority, PeerIdentity.OfHost(HostB));

        // The first ones may be lost with the broken link: the machine repeats, as this does.
        (HostId, PeerMessage) received;
        do _a.Links.Send(HostB, again.Endpoint, new PeerRefuse(Vm, Migration, new Epoch(2)));
        while (!again.Received.TryTake(out received, TimeSpan.FromMilliseconds(20)));
        Assert.Equal((HostA, new PeerRefuse(Vm, Migration, new Epoch(2))), received);
    }

    [Fact]
    public void Another_host_at_the_address_is_refused()
    {
        var refused = Assert.Throws<IOException>(() => _a.Connector.Connect(HostId.Parse("host-c"), _b.Endpoint, Hello(1), Patience));

        Assert.Contains("that is host/host-b, not host/host-c", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_of_another_authority_is_refused_by_both_sides()
    {
        using var foreign = new PeerHost(TestAuthority.Today(), PeerIdentity.OfHost(HostA));
        _b.PreparedFor = (HostA, new Epoch(1));

        Assert.Contains("ForeignAuthority", Assert.Throws<IOException>(() => foreign.Connector.Connect(HostB, _b.Endpoint, Hello(1), Patience)).Message, StringComparison.Ordinal);
        Assert.Contains("ForeignAuthority", Assert.Throws<IOException>(() => _a.Connector.Connect(HostA, foreign.Endpoint, Hello(1), Patience)).Message, StringComparison.Ordinal);
        Assert.Empty(_b.Memory);
    }

    [Fact]
    public void A_coordinator_is_no_peer()
    {
        using var coordinator = new PeerHost(_authority, PeerIdentity.OfCoordinator("c1"));

        Assert.Contains("WrongIdentity", Assert.Throws<IOException>(() => _a.Connector.Connect(HostB, coordinator.Endpoint, Hello(1), Patience)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_memory_stream_of_the_prepared_source_reaches_the_driver_with_every_byte_after_the_hello()
    {
        _b.PreparedFor = (HostA, new Epoch(1));
        using var sent = _a.Connector.Connect(HostB, _b.Endpoint, Hello(1), Patience);
        sent.Write("\nmemory"u8);
        sent.Flush();

        var (hello, stream) = Take(_b.Memory);
        using (stream)
        {
            var bytes = new byte[7];
            stream.ReadExactly(bytes);
            Assert.Equal("\nmemory", Encoding.ASCII.GetString(bytes));
            stream.Write("ok"u8);
            stream.Flush();
        }

        Assert.Equal(Hello(1), hello);
        Assert.Equal('o', sent.ReadByte());
    }

    [Theory]
    [InlineData(1)] // another host than the source
    [InlineData(2)] // an epoch that is not prepared
    public void A_memory_stream_of_anybody_else_is_closed(int epoch)
    {
        _b.PreparedFor = (HostId.Parse("host-c"), new Epoch(1));
        using var stream = _a.Connector.Connect(HostB, _b.Endpoint, Hello(epoch), Patience);

        Assert.True(IsClosed(stream));
        Assert.Empty(_b.Memory);
    }

    [Fact]
    public void Garbage_before_and_after_tls_does_not_stop_the_server()
    {
        using (var raw = new TcpClient("127.0.0.1", _b.Endpoint.PeerPort))
        {
            raw.GetStream().Write("GET / HTTP/1.1\r\n\r\n"u8);
            Assert.True(IsClosed(raw.GetStream()));
        }

        foreach (var line in new[] { new string('x', 5000), "{}\n", "{\"message\":\"PeerRefuse\"}\n", "[[[[\n" })
        {
            using var stream = HostNode.Agent.Links.PeerSockets.Connect(HostB, _b.Endpoint, Own(), plain: false, TimeProvider.System, Patience);
            stream.Write(Encoding.ASCII.GetBytes(line));
            stream.Flush();
            Assert.True(IsClosed(stream));
        }

        _a.Links.Send(HostB, _b.Endpoint, new PeerRefuse(Vm, Migration, new Epoch(1)));
        Take(_b.Received);
    }

    [Fact]
    public void Nobody_at_the_address_is_an_error_that_names_it()
    {
        var refused = Assert.Throws<IOException>(() => _a.Connector.Connect(HostB, new TransferEndpoint("127.0.0.1", Process.AgentUnderTest.FreePort(), null), Hello(1), Patience));

        Assert.Contains("host host-b at 127.0.0.1:", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_peer_is_given_up_in_time()
    {
        using var silent = new TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        var endpoint = new TransferEndpoint("127.0.0.1", ((System.Net.IPEndPoint)silent.LocalEndpoint).Port, null);

        Assert.Contains("no answer within 0.2 s", Assert.Throws<IOException>(() => _a.Connector.Connect(HostB, endpoint, Hello(1), TimeSpan.FromMilliseconds(200))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Plain_memory_needs_both_sides_to_have_chosen_it()
    {
        using var plainA = new PeerHost(_authority, PeerIdentity.OfHost(HostA), plain: true);
        using var plainB = new PeerHost(_authority, PeerIdentity.OfHost(HostB), plain: true);
        plainB.PreparedFor = _b.PreparedFor = (HostA, new Epoch(1));

        using var refused = plainA.Connector.Connect(HostB, _b.Endpoint, Hello(1), Patience);
        Assert.True(IsClosed(refused));
        using var sent = plainA.Connector.Connect(HostB, plainB.Endpoint, Hello(1), Patience);
        sent.WriteByte(7);

        Assert.Equal(7, Take(plainB.Memory).Stream.ReadByte());
        Assert.Empty(_b.Memory);
    }

    [Fact]
    public void Without_tls_no_control_link_is_taken_even_where_plain_memory_is()
    {
        using var plain = new PeerHost(_authority, PeerIdentity.OfHost(HostB), plain: true);
        using var raw = new TcpClient("127.0.0.1", plain.Endpoint.PeerPort);
        HostNode.Agent.Links.FirstLine.Write(raw.GetStream(), Hello(1) with { Purpose = "control" });

        Assert.True(IsClosed(raw.GetStream()));
    }

    private static PeerHello Hello(long epoch) => new(Vm, Migration, new Epoch(epoch), "memory", 0, 1, 1);

    private HostNode.Agent.Links.Credentials Own() => new(_authority.Host("host-a"), _authority.Bundle);

    private static T Take<T>(BlockingCollection<T> from) => from.TryTake(out var item, Patience) ? item : throw new TimeoutException();

    // By an orderly end or by a reset: both mean that nobody took it.
    private static bool IsClosed(Stream stream)
    {
        try
        {
            return stream.ReadByte() < 0;
        }
        catch (IOException)
        {
            return true;
        }
    }
}
