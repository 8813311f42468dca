using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;

namespace Server.Tests;

/// <summary>Old and new on the two ends of a hub's link.</summary>
public sealed class ContractsTests
{
    [Theory]
    [InlineData(null, null)]
    [InlineData("1.0", null)]
    [InlineData("1.99", null)]
    [InlineData("0.9", HubRefusalCodes.ContractsTooOld)]
    [InlineData("2.0", HubRefusalCodes.ContractsTooNew)]
    public async Task An_agent_of_another_minor_version_is_admitted_and_one_of_another_major_version_refused_in_words(string? contracts, string? refused)
    {
        await using var edge = await Edge.StartAsync();
        using var agent = await HubClient.ConnectAsync(edge.Addresses.Hub, edge.Cluster.IssueHost("host-a"));
        await agent.SendAsync(HubClient.Hello("host-a") with { Contracts = contracts });

        var answer = await agent.ReceiveAsync();

        if (refused is null)
        {
            Assert.Equal(ContractVersion.Current.ToString(), Assert.IsType<HubWelcome>(answer).Contracts);
            return;
        }

        var refusal = Assert.IsType<HubRefusal>(answer);
        Assert.Equal(refused, refusal.Code);
        Assert.Equal($"the agent speaks contracts {contracts}, this coordinator {ContractVersion.Current}: upgrade the {(contracts == "0.9" ? "agent" : "coordinator")}", refusal.Detail);
        Assert.False(HubRefusalCodes.IsFinal(refusal.Code));
    }

    [Theory]
    [InlineData("""{"message":"AgentDream","of":{"electric":"sheep"}}""")]
    [InlineData("""{"message":"AgentReport","startCount":1,"n":7,"report":{"report":"Dreamt","vm":"vm-1"}}""")]
    public async Task What_only_a_newer_coordinator_knows_is_counted_and_passed_over_and_the_link_stands(string frame)
    {
        await using var edge = await Edge.StartAsync();
        using var agent = await HubClient.AdmittedAsync(edge.Addresses.Hub, edge.Cluster.IssueHost("host-a"), "host-a");

        await agent.SendRawAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text);
        await agent.SendAsync(new AgentHeartbeat(0.5));
        while (edge.Hub.Unread == 0) await Task.Yield();

        Assert.Equal(1, edge.Hub.Unread);
        Assert.True(edge.Hub.Send(HostId.Parse("host-a"), new HubAck(1, 1)));
        Assert.Equal(new HubAck(1, 1), await agent.ReceiveAsync());
    }

    [Theory]
    [InlineData("""{"message":"HubOrder","order":{"order":"Teleport","vm":"vm-1","number":3}}""", "HubOrder Teleport")]
    [InlineData("""{"message":"HubDream"}""", "HubDream")]
    public void An_agent_reads_what_it_does_not_know_as_just_that(string frame, string what) =>
        Assert.Equal(new UnknownHubMessage(what), HubWire.Read(Encoding.UTF8.GetBytes(frame)));

    [Theory]
    [InlineData("""{"message":"HubOrder","order":{"order":"StopVm","vm":"vm-1","number":"three"}}""")]
    [InlineData("""{"message":7}""")]
    [InlineData("[]")]
    [InlineData("{")]
    public void What_is_damaged_is_no_message_of_a_newer_version(string frame) => Assert.Throws<JsonException>(() => HubWire.Read(Encoding.UTF8.GetBytes(frame)));

    [Theory]
    [InlineData("1.1", "1.0", 1)]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("2.0", "1.99", 1)]
    [InlineData(null, "1.0", 0)]
    [InlineData("one", "1.0", 0)]
    public void Versions_are_compared_by_number(string? left, string? right, int sign) => Assert.Equal(sign, Math.Sign(ContractVersion.Of(left).CompareTo(ContractVersion.Of(right))));
}
