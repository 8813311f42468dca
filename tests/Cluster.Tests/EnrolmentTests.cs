using Cluster.Tests.Given;

namespace Cluster.Tests;

/// <summary>Hosts come and leave as a person says, with real agents.</summary>
public sealed class EnrolmentTests
{
    // Of an agent that must not be started again as it is.
    private const int Superseded = 77;

    [Fact]
    public async Task A_host_is_let_in_once_it_is_enrolled_and_never_again_once_it_is_retired()
    {
        await using var cluster = await ClusterUnderTest.StartAsync("host-a", "host-b", "host-c");
        var move = await Move.OfFakeGuestAsync(cluster);

        // Not before it is cordoned, and not while a guest is there.
        Refused(cluster, "host.inUse", "hosts", "retire", "host-a", "--reason", "sold");
        Refused(cluster, "host.notCordoned", "hosts", "retire", "host-c", "--reason", "sold");
        await move.BeginAsync();
        await move.SettledAsync();
        Does(cluster, "hosts", "cordon", "host-a", "--reason", "leaves");
        Does(cluster, "hosts", "retire", "host-a", "--reason", "sold");

        // Its link is cut, the next one refused for good: it answers nothing any more.
        await cluster.UntilAsync("host-a's agent to end", () => Task.FromResult(cluster.HasEnded("host-a")));
        Assert.Equal(Superseded, cluster.ExitCodeOf("host-a"));
        Assert.Equal("Retired", (await cluster.Client.HostAsync("host-a")).Status.Phase);
        Refused(cluster, "host.retired", "hosts", "enrol", "host-a", "--reason", "bought again");
        Refused(cluster, "host.retired", "migrate", move.Vm, "--to", "host-a", "--reason", "back");

        // From now on nobody comes unasked.
        cluster.Kill("coordinator");
        cluster.StartCoordinator(more: ("Coordinator__Hub__Enrolment", "required"));
        await cluster.ReadyAsync();
        cluster.AddHost("host-d");
        cluster.StartAgent("host-d");
        await cluster.SaysAsync("host-d", "host.notEnrolled");
        Does(cluster, "hosts", "enrol", "host-d", "--reason", "new rack");
        await cluster.UntilAsync("host-d to connect", async () => (await cluster.Client.HostAsync("host-d")).Status.Phase == "Ready");
    }

    private static void Does(ClusterUnderTest cluster, params string[] words)
    {
        var (code, text) = cluster.Lm(words);
        Assert.True(code == 0, text);
    }

    private static void Refused(ClusterUnderTest cluster, string why, params string[] words)
    {
        var (code, text) = cluster.Lm(words);
        Assert.NotEqual(0, code);
        Assert.True(text.Contains(why, StringComparison.Ordinal), $"{text}\n{cluster.Logs()}");
    }
}
