using System.Net;
using System.Net.WebSockets;
using System.Text;
using Coordinator.Server.Hub;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;

namespace Server.Tests;

/// <summary>The hub: who is let in, what is bounded, how a link ends. Every end has a code the agent can log.</summary>
public sealed class HubTests : IAsyncLifetime
{
    private static readonly HostId HostA = HostId.Parse("host-a");
    private Edge _edge = null!;

    public async Task InitializeAsync() => _edge = await Edge.StartAsync();

    public async Task DisposeAsync() => await _edge.DisposeAsync();

    [Fact]
    public async Task An_agent_with_its_own_certificate_is_welcomed_and_its_reports_arrive()
    {
        using var agent = await AdmittedAsync();
        await agent.SendAsync(new AgentHeartbeat(0.5));
        await agent.SendAsync(Report(7));

        await _edge.HubEvents.UntilAsync("report host-a 1/7");
        Assert.True(_edge.Hub.Send(HostA, new HubAck(1, 7)));
        Assert.Equal(new HubAck(1, 7), await agent.ReceiveAsync());
    }

    [Fact]
    public async Task A_certificate_of_another_authority_fails_in_the_handshake()
    {
        using var other = new TestCluster();
        await Assert.ThrowsAnyAsync<WebSocketException>(() => HubClient.ConnectAsync(_edge.Addresses.Hub, other.IssueHost("host-a")));
    }

    [Fact]
    public async Task An_operators_certificate_is_no_hosts()
    {
        var wrong = _edge.Cluster.Issue(PeerIdentity.OfOperator("alice"));
        await Assert.ThrowsAnyAsync<WebSocketException>(() => HubClient.ConnectAsync(_edge.Addresses.Hub, wrong));
    }

    [Fact]
    public async Task A_hello_for_another_host_than_the_certificate_is_refused()
    {
        using var agent = await HubClient.ConnectAsync(_edge.Addresses.Hub, _edge.Cluster.IssueHost("host-a"));
        await agent.SendAsync(HubClient.Hello("host-b"));

        Assert.Equal(HubRefusalCodes.IdentityMismatch, Assert.IsType<HubRefusal>(await agent.ReceiveAsync()).Code);
        Assert.Equal(HubRefusalCodes.IdentityMismatch, await agent.ClosedAsync());
    }

    [Fact]
    public async Task A_refused_agent_hears_why_and_is_never_sent_an_order()
    {
        _edge.HubEvents.Admit = _ =>
        {
            Assert.False(_edge.Hub.Send(HostA, Order("vm-1", 1)));
            return new Admission.RefusedAdmission(HubRefusalCodes.HostWrittenOff, "written off");
        };
        using var agent = await HubClient.ConnectAsync(_edge.Addresses.Hub, _edge.Cluster.IssueHost("host-a"));
        await agent.SendAsync(HubClient.Hello("host-a"));

        Assert.Equal(new HubRefusal(HubRefusalCodes.HostWrittenOff, "written off"), await agent.ReceiveAsync());
        Assert.Null(await agent.ReceiveAsync());
        await _edge.HubEvents.UntilAsync("disconnected host-a 1");
    }

    [Theory]
    [InlineData("not json", "frame.malformed", WebSocketCloseStatus.InvalidPayloadData)]
    [InlineData("{\"message\":\"HubAck\",\"startCount\":1,\"n\":1}", "frame.unexpected", WebSocketCloseStatus.PolicyViolation)]
    public async Task A_frame_that_is_no_message_of_an_agent_closes_the_link(string frame, string code, WebSocketCloseStatus status)
    {
        using var agent = await AdmittedAsync();
        await agent.SendRawAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text);

        Assert.Equal(code, await agent.ClosedAsync());
        Assert.Equal(status, agent.CloseStatus);
    }

    [Fact]
    public async Task A_binary_frame_closes_the_link()
    {
        using var agent = await AdmittedAsync();
        await agent.SendRawAsync([1, 2, 3], WebSocketMessageType.Binary);
        Assert.Equal("frame.binary", await agent.ClosedAsync());
    }

    [Fact]
    public async Task Large_frames_and_small_ones_are_read_in_turn()
    {
        using var agent = await HubClient.ConnectAsync(_edge.Addresses.Hub, _edge.Cluster.IssueHost("host-a"));
        await agent.SendAsync(HubClient.Hello("host-a", seen: [.. Enumerable.Range(0, 5_000).Select(n => new SubjectMark($"migration-{n}", n, new Epoch(n)))]));
        Assert.IsType<HubWelcome>(await agent.ReceiveAsync());
        await agent.SendAsync(Report(1));
        await agent.SendAsync(new AgentReport(1, 2, new VmGone(new VmId("vm-1"), new Epoch(1), new string('x', 300_000))));
        await agent.SendAsync(Report(3));

        await _edge.HubEvents.UntilAsync("report host-a 1/1");
        await _edge.HubEvents.UntilAsync("report host-a 1/2");
        await _edge.HubEvents.UntilAsync("report host-a 1/3");
    }

    [Fact]
    public async Task A_frame_over_one_mebibyte_closes_the_link()
    {
        using var agent = await AdmittedAsync();
        await agent.SendRawAsync(new byte[(1024 * 1024) + 1], WebSocketMessageType.Text);
        Assert.Equal("frame.tooLarge", await agent.ClosedAsync());
    }

    [Fact]
    public async Task The_65th_unacknowledged_report_closes_the_link_and_a_repeat_does_not_count()
    {
        using var agent = await AdmittedAsync();
        for (var n = 1; n <= 64; n++) await agent.SendAsync(Report(n));
        await agent.SendAsync(Report(1));
        await _edge.HubEvents.UntilAsync("report host-a 1/64");
        await _edge.HubEvents.UntilAsync("report host-a 1/1");

        await agent.SendAsync(Report(65));

        Assert.Equal("reports.tooMany", await agent.ClosedAsync());
    }

    [Fact]
    public async Task An_acknowledgement_makes_room_for_the_next_report()
    {
        using var agent = await AdmittedAsync();
        for (var n = 1; n <= 64; n++) await agent.SendAsync(Report(n));
        await _edge.HubEvents.UntilAsync("report host-a 1/64");
        _edge.Hub.Send(HostA, new HubAck(1, 5));

        await agent.SendAsync(Report(65));

        await _edge.HubEvents.UntilAsync("report host-a 1/65");
    }

    [Fact]
    public async Task A_higher_start_replaces_the_link_before_it()
    {
        using var old = await AdmittedAsync(startCount: 1);
        using var young = await AdmittedAsync(startCount: 2);

        Assert.Equal("replaced", await old.ClosedAsync());
        await _edge.HubEvents.UntilAsync("disconnected host-a 1");
        Assert.True(_edge.Hub.Send(HostA, new HubAck(2, 1)));
        Assert.Equal(new HubAck(2, 1), await young.ReceiveAsync());
    }

    [Fact]
    public async Task The_same_start_twice_closes_both_links()
    {
        using var one = await AdmittedAsync();
        using var two = await HubClient.ConnectAsync(_edge.Addresses.Hub, _edge.Cluster.IssueHost("host-a"));
        await two.SendAsync(HubClient.Hello("host-a"));

        Assert.Equal(HubRefusalCodes.DuplicateLink, Assert.IsType<HubRefusal>(await two.ReceiveAsync()).Code);
        Assert.Equal(HubRefusalCodes.DuplicateLink, await one.ClosedAsync());
        await _edge.HubEvents.UntilAsync("duplicate host-a 1");
    }

    [Fact]
    public async Task Silence_is_late_first_and_then_the_end()
    {
        await using var edge = await Edge.StartAsync(changeHub: hub => hub with { LateAfter = TimeSpan.FromMilliseconds(300), GoneAfter = TimeSpan.FromMilliseconds(1_500) });
        using var agent = await HubClient.AdmittedAsync(edge.Addresses.Hub, edge.Cluster.IssueHost("host-a"), "host-a");

        await edge.HubEvents.UntilAsync("late host-a");
        Assert.Equal("heartbeat.missing", await agent.ClosedAsync());
        await edge.HubEvents.UntilAsync("disconnected host-a 1");
    }

    [Fact]
    public async Task A_heartbeat_after_late_is_on_time_again()
    {
        await using var edge = await Edge.StartAsync(changeHub: hub => hub with { LateAfter = TimeSpan.FromMilliseconds(600), GoneAfter = TimeSpan.FromMinutes(5) });
        using var agent = await HubClient.AdmittedAsync(edge.Addresses.Hub, edge.Cluster.IssueHost("host-a"), "host-a");
        await edge.HubEvents.UntilAsync("late host-a");
        using var stop = new CancellationTokenSource();
        var beating = BeatAsync(agent, stop.Token);

        await edge.HubEvents.UntilAsync("onTime host-a");

        await stop.CancelAsync();
        await beating;
    }

    [Fact]
    public async Task Handshakes_beyond_the_rate_are_told_to_come_again()
    {
        await using var edge = await Edge.StartAsync(changeHub: hub => hub with { HandshakesPerSecond = 1 });
        var certificate = edge.Cluster.IssueHost("host-a");
        var refused = 0;
        for (var i = 0; i < 5 && refused == 0; i++)
        {
            try
            {
                using var agent = await HubClient.ConnectAsync(edge.Addresses.Hub, certificate);
            }
            catch (WebSocketException e)
            {
                Assert.Contains("429", e.Message);
                refused++;
            }
        }

        Assert.Equal(1, refused);
    }

    [Fact]
    public async Task A_server_that_stops_says_so()
    {
        using var agent = await AdmittedAsync();
        await _edge.HubEvents.UntilAsync("linked host-a 1");
        var stopping = _edge.StopAsync();
        Assert.Equal("stopping", await agent.ClosedAsync());
        await stopping;
    }

    private Task<HubClient> AdmittedAsync(long startCount = 1) =>
        HubClient.AdmittedAsync(_edge.Addresses.Hub, _edge.Cluster.IssueHost("host-a"), "host-a", startCount);

    private static AgentReport Report(long n) => new(1, n, new VmRunning(VmId.Parse("vm-1"), new Epoch(1)));

    private static HubOrder Order(string vm, long number) => new(new StopVm(VmId.Parse(vm), number, new Epoch(1)));

    private static async Task BeatAsync(HubClient agent, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await agent.SendAsync(new AgentHeartbeat(0));
            await Task.WhenAny(Task.Delay(50, stop));
        }
    }
}
