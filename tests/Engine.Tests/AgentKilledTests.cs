using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Engine.Tests.Given;
using HostNode.Engine.Guests;
using HostNode.Hypervisors;

namespace Engine.Tests;

/// <summary>A real process that drives the source is killed with SIGKILL in the middle of the first round.</summary>
public sealed class AgentKilledTests : IDisposable
{
    private const long KilledAfter = 20 << 20;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly string _root = Path.Combine(Path.GetTempPath(), "engine-killed-" + Environment.ProcessId);
    private readonly ManualResetEventSlim _received = new();
    private long _bytes;

    public AgentKilledTests() => _listener.Start();

    [Fact]
    public async Task The_guest_lives_on_and_the_next_agent_finishes_the_same_migration_sending_only_what_differs()
    {
        var peers = new LoopbackPeers();
        await using var beta = new Host("beta", peers, "cooperative", _root, linkAttempts: 8);
        beta.Driver.Execute(new PrepareIncoming(Plans.Vm, Plans.Migration, new(2), new("alpha"), Plans.Spec, new()));
        beta.Events.Next<IncomingReady>();
        new Thread(() => Admit(beta)) { IsBackground = true }.Start();

        using (var agent = StartAgent())
        {
            Assert.True(_received.Wait(TimeSpan.FromSeconds(60)), "the agent sends nothing");
            agent.Kill();
            agent.WaitForExit();
        }

        await using var alpha = new Host("alpha", peers, "cooperative", _root, linkAttempts: 8);
        var found = Assert.Single(alpha.Driver.Discover());
        Assert.Equal((GuestRunState.Running, Plans.Migration), (found.State, found.Migration!.Value));
        var before = alpha.Status(Plans.Vm).Counter;

        alpha.Driver.Execute(new StartOutgoing(Plans.Vm, Plans.Out(0) with { Policy = new() }, Resume: true, Link: 2));
        alpha.Events.Next<OutgoingRound>(r => r.Forecast.Verdict == Coordinator.Shared.Convergence.Verdict.Ready);
        alpha.Driver.Execute(new StopAndCopy(Plans.Vm, Plans.Migration));
        var completed = alpha.Events.Next<OutgoingCompleted>();

        Assert.Equal(0, completed.Stats.Resent.Value);
        Assert.InRange(completed.Stats.Sent.Value, 1, Plans.Spec.Load!.WorkingSet.Value - (KilledAfter / 2));
        Assert.Equal(completed.Digest, beta.Events.Next<IncomingLoaded>().Digest);
        beta.Driver.Execute(new RunGuest(Plans.Vm, new(2)));
        beta.Events.Next<GuestRunning>();
        beta.Driver.Execute(new VerifyGuest(Plans.Vm, Plans.Migration));
        Assert.True(beta.Events.Next<GuestVerified>().Well);
        Assert.True(beta.Status(Plans.Vm).Counter >= before);
        Assert.Equal(HolderState.Completed, alpha.Status(Plans.Vm).State);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _received.Dispose();
        if (Directory.Exists(_root)) Directory.Delete(_root, recursive: true);
    }

    private Process StartAgent()
    {
        var own = typeof(Program).Assembly.Location;
        var port = ((IPEndPoint)_listener.LocalEndpoint).Port.ToString(CultureInfo.InvariantCulture);
        string[] arguments = ["exec", "--runtimeconfig", Path.ChangeExtension(own, ".runtimeconfig.json"), own, "drive", _root, port];
        return Process.Start("dotnet", arguments);
    }

    private void Admit(Host beta)
    {
        try
        {
            while (true)
            {
                var stream = new NetworkStream(_listener.AcceptSocket(), ownsSocket: true);
                beta.Driver.AcceptStream(TcpPeers.ReadHello(stream), new CountingStream(stream, Count));
            }
        }
        catch (SocketException)
        {
            // The test is over.
        }
    }

    private void Count(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) >= KilledAfter) _received.Set();
    }
}
