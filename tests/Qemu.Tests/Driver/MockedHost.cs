using Coordinator.Shared.Contracts;
using Coordinator.Shared.Convergence;
using Coordinator.Shared.Identity;
using HostNode.Hypervisors;
using HostNode.Hypervisors.Qemu;
using Qemu.Tests.Mock;
using Qemu.Tests.Support;

namespace Qemu.Tests.Driver;

/// <summary>A driver that has found a mocked QEMU. Never destroy its guest: the process behind the monitor is this test's.</summary>
internal sealed class MockedHost : IAsyncDisposable
{
    public static readonly VmId Vm = VmId.Parse("guest");
    public static readonly MigrationId Migration = QemuHost.NewMigration(1);

    private readonly string _run = Directory.CreateTempSubdirectory("qm").FullName;
    private readonly QemuOptions _options;

    public MockedHost(Func<QemuOptions, QemuOptions>? change = null)
    {
        Qemu = new MockQemu(_run, Vm);
        var options = new QemuOptions
        {
            RunDirectory = _run, HostId = HostId.Parse("source"), AddressToListen = "127.0.0.1", PollInterval = TimeSpan.FromMilliseconds(5),
            Qmp = QmpLimits.Default with { Greeting = TimeSpan.FromMilliseconds(300) },
        };
        _options = change?.Invoke(options) ?? options;
        Driver = new QemuHypervisor(_options, Sink);
    }

    public MockQemu Qemu { get; }

    public RecordingSink Sink { get; private set; } = new();

    public QemuHypervisor Driver { get; private set; }

    public DiscoveredGuest Discover() => Assert.Single(Driver.Discover());

    /// <summary>Found, in pre-copy, and told to be within the limit.</summary>
    public async Task BecomeReadyAsync()
    {
        Discover();
        Driver.Execute(new StartOutgoing(Vm, QemuHost.Plan(Migration, 4711), Resume: false, Link: 1));
        await UntilAsync(() => Qemu.Migration == "active");
        await Sink.WaitForAsync<OutgoingProgress>(seconds: 10);
        await Qemu.FinishPassAsync(remaining: 4096);
        await Sink.WaitForAsync<OutgoingRound>(e => e.Forecast.Verdict == Verdict.Ready, seconds: 10);
    }

    /// <summary>The guest is stopped with its guard, QEMU sends its last state.</summary>
    public async Task BecomeDeviceAsync()
    {
        await BecomeReadyAsync();
        Driver.Execute(new StopAndCopy(Vm, Migration));
        await UntilAsync(() => Qemu.Migration == "device");
    }

    public async Task RestartAgentAsync()
    {
        await Driver.DisposeAsync();
        Sink = new RecordingSink();
        Driver = new QemuHypervisor(_options, Sink);
    }

    /// <summary>Waits for what the mock was brought to; bounded.</summary>
    public static async Task UntilAsync(Func<bool> reached)
    {
        for (var i = 0; i < 2000 && !reached(); i++) await Task.Delay(5);
        Assert.True(reached(), "not reached in 10 s");
    }

    public async ValueTask DisposeAsync()
    {
        Qemu.GoOn();
        await Driver.DisposeAsync();
        await Qemu.DisposeAsync();
        Directory.Delete(_run, recursive: true);
    }
}
