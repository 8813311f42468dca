using HostNode.Agent.Loop;
using HostNode.Hypervisors.Fake;

namespace Agent.Tests.Process;

/// <summary>A SIGKILL at every failpoint outside a migration: the order is given again and the guest starts, or stops, exactly once.</summary>
public sealed class VmKillTests(TwoHosts hosts) : IClassFixture<TwoHosts>
{
    // A restored store is met in no such story: those two are in Cluster.Tests, RestoreTests.
    public static TheoryData<string> Points() => [.. Failpoints.All.Where(name => !name.Contains('/', StringComparison.Ordinal) && !name.EndsWith(":storeRestored", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Points))]
    public async Task An_agent_killed_there_comes_back_and_does_what_it_was_told(string point)
    {
        var agent = hosts.A;
        var dies = point.Split(':')[1];
        await agent.KillAsync();
        if (dies is "vmEnded")
        {
            agent.Start();
            await hosts.StartVmAsync(agent);
            await agent.KillAsync();
        }

        agent.Start(point);
        var work = dies is "vmEnded" ? hosts.StopVmAsync(agent) : hosts.StartVmAsync(agent);
        Assert.Equal(137, await agent.ExitAsync());
        agent.Start();
        await work;
        if (dies is not "vmEnded")
        {
            Assert.Contains("\"Running\"", File.ReadAllText(TwoHosts.FileOn(agent)), StringComparison.Ordinal);
            await hosts.StopVmAsync(agent);
        }

        Assert.False(File.Exists(TwoHosts.FileOn(agent)));
        Assert.Empty(FakeLedger.Violations(agent.FakeRoot, TwoHosts.Vm));
    }
}
