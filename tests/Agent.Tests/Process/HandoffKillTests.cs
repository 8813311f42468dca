using HostNode.Agent.Loop;
using HostNode.Hypervisors.Fake;

namespace Agent.Tests.Process;

/// <summary>
/// Real agents, real links, real SIGKILL at every failpoint of both parts (hand-off, 2.4): afterwards one copy runs, complete and where the
/// hosts' words say, nothing is left on the other host, and the witness saw neither two writers nor a rollback.
/// </summary>
public sealed class HandoffKillTests(TwoHosts hosts) : IClassFixture<TwoHosts>
{
    private const string Full = "LM_TEST_FULL";

    // One for each step of the table; with LM_TEST_FULL=1 every failpoint there is.
    private static readonly string[] Always =
    [
        "after-persist:begun/source", "after-persist:intent/source", "on-input:OutgoingPaused/source", "on-input:OutgoingCompleted/source",
        "after-send:PeerCommit/source", "on-input:PeerOwned/source", "after-persist:released/source", "after-persist:rejected/source", "after-persist:hold/source",
        "after-persist:prepared/destination", "on-input:IncomingLoaded/destination", "on-input:PeerCommit/destination", "after-persist:owned/destination",
        "after-persist:vmRan/destination", "before-persist:refused/destination", "on-input:PeerRefuse/destination",
    ];

    public static TheoryData<string> Points()
    {
        var all = Environment.GetEnvironmentVariable(Full) == "1" ? Failpoints.All.Where(name => name.Contains('/', StringComparison.Ordinal)) : Always;
        return [.. all];
    }

    [Theory]
    [MemberData(nameof(Points))]
    public async Task An_agent_killed_there_comes_back_and_one_copy_runs(string point)
    {
        var (source, destination) = await hosts.PlacedAsync();
        var scenario = Scenario.Of(point);
        var (armed, other) = point.EndsWith("/source", StringComparison.Ordinal) ? (source, destination) : (destination, source);
        await RestartAsync(armed, point);
        if (scenario.OtherDiesAt is { } early) await RestartAsync(other, early);
        new FakeScript { FailFinal = scenario.FailFinal }.Write(source.FakeDirectory);

        var migration = hosts.Begin(source, destination, scenario.Cancels);
        if (scenario.OtherDiesAt is not null)
        {
            Assert.Equal(137, await other.ExitAsync());
            migration.HoldNow = scenario.Holds;
            if (!scenario.Holds) other.Start();
        }

        Assert.Equal(137, await armed.ExitAsync());
        armed.Start();
        if (scenario.Holds) other.Start();
        await hosts.SettleAsync(migration, source, destination);
        if (scenario.MustAbort) Assert.False(migration.Completed, migration.History);
    }

    private static async Task RestartAsync(AgentUnderTest agent, string failpoint)
    {
        await agent.KillAsync();
        agent.Start(failpoint);
        await agent.LoggedAsync("hub.linked");
    }

    /// <summary>What must happen for a failpoint to be passed.</summary>
    /// <param name="OtherDiesAt">The other agent dies there first.</param>
    private sealed record Scenario(bool Cancels = false, string? FailFinal = null, string? OtherDiesAt = null, bool Holds = false)
    {
        public bool MustAbort => Cancels || FailFinal is not null;

        public static Scenario Of(string point) => point.Split(':', '/')[1..] switch
        {
            ["hold", _] => new Scenario(OtherDiesAt: "on-input:PeerCommit/destination", Holds: true),
            ["PeerRefuse" or "PeerRefused", "destination"] => new Scenario(OtherDiesAt: "on-input:OutgoingCompleted/source"),
            ["RunGuest", "source"] => new Scenario(FailFinal: "scripted fault after the pause"),
            ["AbortOut" or "AbortOutgoing" or "rejected" or "Rejected", "source"] => new Scenario(Cancels: true),
            ["RefuseIn" or "DestroyGuest" or "refused" or "Refused", "destination"] => new Scenario(Cancels: true),
            _ => new Scenario(),
        };
    }
}
