using System.Collections.Concurrent;
using Agent.Tests.Security;
using Coordinator.Shared.Contracts;
using Coordinator.Shared.Identity;
using Coordinator.Shared.Security;
using Coordinator.Shared.Units;
using HostNode.Hypervisors.Fake;

namespace Agent.Tests.Process;

/// <summary>Two hosts with real agents over the fake driver, and a coordinator that never dies. One VM, moved again and again.</summary>
public sealed class TwoHosts : IAsyncLifetime
{
    private static readonly TimeSpan RepeatEvery = TimeSpan.FromMilliseconds(100);
    private static readonly GuestSpec Spec = new("fake", ByteCount.FromMebi(64), 1);
    private readonly TestAuthority _authority = TestAuthority.Today();
    private readonly string _root = Directory.CreateTempSubdirectory("lm-two-").FullName;
    private readonly CancellationTokenSource _ended = new();
    private readonly ConcurrentQueue<Report> _reports = new();
    private TokenSigner _signer = null!;
    private Task _repeating = Task.CompletedTask;
    private volatile Func<IReadOnlyList<(HostId, Order)>> _pending = () => [];
    private volatile TestMigration? _migration;
    private long _number;

    internal static VmId Vm { get; } = VmId.Parse("db-1");

    internal TestHub Hub { get; private set; } = null!;

    internal AgentUnderTest A { get; private set; } = null!;

    internal AgentUnderTest B { get; private set; } = null!;

    internal long Epoch { get; private set; }

    public async Task InitializeAsync()
    {
        var certificate = _authority.Coordinator("c1");
        _signer = new TokenSigner(certificate);
        Hub = await TestHub.StartAsync(certificate);
        Hub.Reported = Take;
        A = new AgentUnderTest(_root, "host-a", _authority, [Hub.Address]);
        B = new AgentUnderTest(_root, "host-b", _authority, [Hub.Address]);
        foreach (var agent in new[] { A, B })
        {
            agent.Init();
            agent.Start();
        }

        _repeating = RepeatAsync();
    }

    public async Task DisposeAsync()
    {
        await _ended.CancelAsync();
        await _repeating;
        A?.Dispose();
        B?.Dispose();
        await Hub.DisposeAsync();
        _signer.Dispose();
        _ended.Dispose();
        Directory.Delete(_root, recursive: true);
    }

    /// <summary>The agent on whose host the guest runs, and the other; starts the guest if it runs nowhere.</summary>
    internal async Task<(AgentUnderTest Source, AgentUnderTest Destination)> PlacedAsync()
    {
        if (!File.Exists(FileOn(A)) && !File.Exists(FileOn(B))) await StartVmAsync(A);
        return File.Exists(FileOn(A)) ? (A, B) : (B, A);
    }

    internal Task StartVmAsync(AgentUnderTest on)
    {
        var order = new StartVm(Vm, ++_number, new Epoch(++Epoch), Spec);
        return OrderAsync(on, order, report => report is VmRunning running && running.Epoch == order.Epoch);
    }

    internal Task StopVmAsync(AgentUnderTest on)
    {
        var order = new StopVm(Vm, ++_number, new Epoch(Epoch));
        return OrderAsync(on, order, report => report is VmStopped or VmGone or VmFailed);
    }

    /// <summary>A new attempt; its orders go out, again and again, until it is settled.</summary>
    internal TestMigration Begin(AgentUnderTest source, AgentUnderTest destination, bool cancels = false)
    {
        var id = MigrationId.Create(1, TimeProvider.System.GetUtcNow(), (int)++Epoch);
        var migration = new TestMigration(id, Vm, new Epoch(Epoch), source.Host, destination.Host, Spec, _signer) { Cancels = cancels };
        _migration = migration;
        _pending = migration.Pending;
        return migration;
    }

    /// <summary>Waits for the end, then looks at the hosts: exactly one copy, running where it should, and no residue.</summary>
    internal async Task SettleAsync(TestMigration migration, AgentUnderTest source, AgentUnderTest destination)
    {
        try
        {
            await migration.Settled.WaitAsync(TimeSpan.FromSeconds(120));
        }
        catch (TimeoutException)
        {
            Assert.Fail($"not settled:\n{migration.History}\n--- {source.Host} exited={source.HasExited}:\n{source.Output}\n--- {destination.Host} exited={destination.HasExited}:\n{destination.Output}");
        }

        var (runs, gone) = migration.Completed ? (destination, source) : (source, destination);
        await RunsAsync(runs, migration);
        Assert.False(File.Exists(FileOn(gone)), $"residue on {gone.Host}:\n{migration.History}");
        Assert.Empty(FakeLedger.Violations(A.FakeRoot, Vm));
    }

    // The word that settles an attempt is durable before the vCPUs start, and may be heard before they do.
    private static async Task RunsAsync(AgentUnderTest host, TestMigration migration)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!File.ReadAllText(FileOn(host)).Contains("\"Running\"", StringComparison.Ordinal))
        {
            if (patience.IsCancellationRequested) Assert.Fail($"the guest does not run on {host.Host}:\n{migration.History}\n{host.Output}");
            await Task.Delay(10);
        }
    }

    internal static string FileOn(AgentUnderTest agent) => Path.Combine(agent.FakeDirectory, Vm.Value + ".json");

    private async Task OrderAsync(AgentUnderTest on, Order order, Func<Report, bool> answered)
    {
        _reports.Clear();
        _pending = () => [(on.Host, order)];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        while (!_reports.Any(answered))
        {
            if (patience.IsCancellationRequested) Assert.Fail($"no answer to {order}; exited={on.HasExited}:\n{on.Output}");
            await Task.Delay(10);
        }

        _pending = () => [];
    }

    private bool Take(HostId from, AgentReport report)
    {
        _reports.Enqueue(report.Report);
        _migration?.Take(from, report.Report);
        _ = SendPendingAsync();
        return true;
    }

    private async Task RepeatAsync()
    {
        while (!_ended.IsCancellationRequested)
        {
            await SendPendingAsync();
            await Task.Delay(RepeatEvery);
        }
    }

    private async Task SendPendingAsync()
    {
        foreach (var (host, order) in _pending()) await Hub.SendAsync(host, new HubOrder(order));
    }
}
